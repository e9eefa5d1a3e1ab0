package health

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/lbsync/lbsync/spec"
	"golang.org/x/sys/unix"
)

// asked are checks with the body that have asked a server, which answers with f; without, answers are the test's.
func (h *byHand) asked(n int, body string, f func(net.Conn)) []*check {
	h.t.Helper()
	if f == nil {
		f = func(c net.Conn) { _, _ = c.Read(make([]byte, 1)) }
	}
	one := slowly("http", raw(h.t, f))
	one.Settings = spec.CheckSettings(url.Values{"body": {body}}.Encode())
	list := many(n, one)
	for i := range list {
		list[i].Addr = netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), one.Addr.Port())
		list[i].Fall = uint32(i + 1) // which makes it another
	}
	h.set(list...)
	out := make([]*check, n)
	for i, of := range list {
		h.begin(of)
		for out[i] = h.checks.find(identity(of), of); out[i].stage != talking; {
			h.turn()
		}
	}
	return out
}

const chunkedHeader = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"

// A server that sends its answer byte by byte has it judged a few times, and as soon as it is all there.
func TestDrippingAnswers(t *testing.T) {
	filler := strings.Repeat("x", 40<<10)
	for _, c := range []struct {
		name, first, rest string
		certain           bool
	}{
		{"of a length", "HTTP/1.1 200 OK\r\nContent-Length: 41060\r\n\r\n" + filler, strings.Repeat("x", 97) + "end", true},
		{"in chunks", chunkedHeader + "a000\r\n" + filler + "\r\n", strings.Repeat("1\r\nx\r\n", 60) + "3\r\nend\r\n0\r\n", true},
		{"from the header on", "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 3\r\nX-Large: " + filler, "\r\nX: y\r\n\r\nend", true},
		{"a broken chunk", chunkedHeader + "a000\r\n" + filler + "\r\n", strings.Repeat("1\r\nx\r\n", 60) + "what\r\n", true},
		{"with a false end", chunkedHeader + "f000\r\n" + filler, strings.Repeat("0\r\n\r\n", 60), false},
		{"of no length", "HTTP/1.1 200 OK\r\n\r\n" + filler, strings.Repeat("x", 100), false},
		{"from the first byte", "", "HTTP/1.1 200 OK\r\n" + strings.Repeat("X: y\r\n", 2000), false},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := newByHand(t)
			defer func() { _ = h.Close() }()
			l, to := h.loops[0], h.asked(1, "end$", nil)[0]
			var of *heard
			for i, part := range append([]string{c.first}, strings.Split(c.rest, "")...) {
				if part == "" {
					continue
				}
				if to.stage != talking {
					t.Fatalf("certain after %d of %d bytes", i, len(c.rest))
				}
				l.hear(to, []byte(part))
				l.judgeSome()
				if to.heard != nil {
					of = to.heard
				}
			}
			if certain := to.stage != talking; certain != c.certain {
				t.Errorf("certain: %v, want %v", certain, c.certain)
			}
			if of.judged > 3*mostHeard {
				t.Errorf("%d bytes were judged of an answer of %d", of.judged, len(of.b))
			}
		})
	}
}

// Long answers wait for each other and not the loop for them: what a turn judges is bounded, and a short one goes before.
func TestLongAnswersTakeTurns(t *testing.T) {
	h := newByHand(t)
	defer func() { _ = h.Close() }()
	const long = 50_000
	l, list := h.loops[0], h.asked(9, "end$", nil)
	for i, c := range list {
		n := long
		if i == len(list)-1 {
			n = 100
		}
		l.hear(c, fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%*s", n, n, "end"))
	}
	certain := func() (n int) {
		for _, c := range list {
			if c.judge.ok {
				n++
			}
		}
		return n
	}
	if n := certain(); n != 1 || !list[8].judge.ok {
		t.Fatalf("%d are certain before it is their turn, want the short one", n)
	}
	for _, want := range []int{4, 7, 9} {
		if h.turn(); certain() != want {
			t.Errorf("%d are certain, want %d", certain(), want)
		}
	}
}

// An answer that waits counts whatever befalls its connection, and the end of its time.
func TestAnswersThatWait(t *testing.T) {
	h := newByHand(t)
	defer func() { _ = h.Close() }()
	l, list := h.loops[0], h.asked(3, "end$", nil)
	for _, c := range list {
		l.hear(c, fmt.Appendf(nil, "HTTP/1.1 200 OK\r\nContent-Length: 50000\r\n\r\n%50000s", "end"))
	}
	l.hear(list[0], nil)
	l.timedOut(list[1])
	l.finish(list[2], lacked("given up"))
	l.judgeSome()
	if !list[0].judge.ok || !list[1].judge.ok || list[2].judge.ok {
		t.Errorf("closed: %v, late: %v, given up: %v", list[0].judge, list[1].judge, list[2].judge)
	}
	if len(l.unjudged) != 0 {
		t.Errorf("%d wait", len(l.unjudged))
	}
}

// However many answers are there when their time has run out in a stall, all are read before.
func TestManyAnswersInAStall(t *testing.T) {
	h := newByHand(t)
	defer func() { _ = h.Close() }()
	const many = 2*mostEvents + 100
	h.loops[0].budget, h.loops[0].perHost = many, many
	answer := make(chan struct{})
	list := h.asked(many, "", func(c net.Conn) {
		<-answer
		_, _ = c.Write([]byte("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
		_, _ = c.Read(make([]byte, 1))
	})
	close(answer)
	polls := make([]unix.PollFd, many)
	for i, c := range list {
		polls[i] = unix.PollFd{Fd: c.fd, Events: unix.POLLIN}
	}
	soon(t, "all have answered", func() bool { n, _ := unix.Poll(polls, 0); return n == many })
	h.stall(list[0].Timeout)
	for _, c := range list {
		if !c.judge.ok || c.skipped != 0 {
			t.Fatalf("%s: %+v, %d skipped: %s", c.Check, c.judge, c.skipped, c.local)
		}
	}
}

// Beyond what answers may take in all, long ones are given up, and that says nothing of their servers; short ones go on.
func TestAnswersTakeSoMuch(t *testing.T) {
	h := newByHand(t)
	defer func() { _ = h.Close() }()
	l, list := h.loops[0], h.asked(4, "end$", nil)
	const header = "HTTP/1.1 200 OK\r\n\r\n"
	l.held = mostHeld - 6000 // by others
	for _, c := range list[:3] {
		l.hear(c, []byte(header))
	}
	for i, n := range []int{5000, 5000, 500} {
		l.hear(list[i], []byte(strings.Repeat("x", n)))
	}
	if list[0].stage != talking || list[2].stage != talking {
		t.Errorf("at stages %d and %d, want them to go on", list[0].stage, list[2].stage)
	}
	if c := list[1]; c.stage != resting || c.skipped != 1 || c.judge.count != 0 || c.local != "answers under way take 64 MiB" {
		t.Errorf("beyond: stage %d, %d skipped, %d count: %s", c.stage, c.skipped, c.judge.count, c.local)
	}
	l.hear(list[3], []byte(header+"end"))
	l.hear(list[3], nil)
	for _, c := range list[:3] {
		if c.stage == talking {
			l.hear(c, nil)
		}
	}
	if l.judgeSome(); l.held != mostHeld-6000 {
		t.Errorf("%d bytes are held without an answer", l.held-mostHeld+6000)
	}
}
