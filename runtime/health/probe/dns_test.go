package probe

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/spec"
)

// dnsmasq is the DNS server: two names that it has, the second in more records than a datagram without EDNS carries.
func TestDnsmasq(t *testing.T) {
	to := closedPort(t)
	argv := []string{"dnsmasq", "--keep-in-foreground", "--no-resolv", "--no-hosts", "--conf-file=/dev/null", "--pid-file=", "--user=root", "--bind-interfaces",
		"--listen-address=127.0.0.1", fmt.Sprintf("--port=%d", to.Port()), "--local=/example.com/", "--host-record=web.example.com,192.0.2.21", "--log-facility=-"}
	for i := range 20 {
		argv = append(argv, fmt.Sprintf("--txt-record=big.example.com,%02d %s", i, strings.Repeat("x", 100)))
	}
	start(t, to, argv...)
	kept(t)
	for name, c := range map[string]struct {
		words        []string
		verdict, why string
	}{
		"A":              {[]string{"name", "web.example.com", "type", "A"}, up, ""},
		"case, dot":      {[]string{"name", "WEB.example.com.", "type", "A"}, up, ""},
		"truncated":      {[]string{"name", "big.example.com", "type", "TXT"}, up, ""},
		"NXDOMAIN":       {[]string{"name", "gone.example.com", "type", "A"}, down, `ask for gone\.example\.com\. A at 127\.0\.0\.1:\d+: NXDOMAIN`},
		"no such record": {[]string{"name", "web.example.com", "type", "MX"}, down, `ask for web\.example\.com\. MX at .*: NOERROR without such a record among 0`},
		"SOA, REFUSED":   {[]string{"name", "."}, down, `ask for \. SOA at .*: REFUSED`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expect(t, try(t, spec.Check{Kind: "dns", Addr: to, Settings: settings(c.words...)}), c.verdict, c.why)
		})
	}
}

// dnsServer answers over UDP and TCP, at one port.
func dnsServer(t testing.TB, udp func([]byte) [][]byte, tcp func([]byte) []byte) netip.AddrPort {
	t.Helper()
	to := serveUDP(t, udp)
	l, err := net.Listen("tcp4", to.String())
	for ; errors.Is(err, unix.EADDRINUSE); l, err = net.Listen("tcp4", to.String()) {
		to = serveUDP(t, udp) // somebody has its number for TCP
	}
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			b := make([]byte, 1<<16)
			if n, err := readFrame(c, b); err == nil {
				if m := tcp(b[:n]); m != nil {
					_, _ = c.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(m))), m...))
				}
			}
			_, _ = io.Copy(io.Discard, c)
			_ = c.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-ended
	})
	return to
}

// replying makes an answer of a question.
func replying(change func(*dnsmessage.Message)) func([]byte) []byte {
	return func(b []byte) []byte {
		var m dnsmessage.Message
		if m.Unpack(b) != nil {
			return nil
		}
		m.Response = true
		change(&m)
		out, err := m.Pack()
		if err != nil {
			panic(err)
		}
		return out
	}
}

func TestDNSFaults(t *testing.T) {
	kept(t)
	good := replying(func(m *dnsmessage.Message) {
		m.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Type: dnsmessage.TypeA, Class: dnsmessage.ClassINET}, Body: &dnsmessage.AResource{}}}
	})
	code := func(c dnsmessage.RCode) func([]byte) []byte {
		return replying(func(m *dnsmessage.Message) { m.RCode, m.Questions = c, nil })
	}
	truncated := replying(func(m *dnsmessage.Message) { m.Truncated = true })
	stranger := replying(func(m *dnsmessage.Message) { m.ID++ })
	other := replying(func(m *dnsmessage.Message) { m.Questions[0].Name = dnsmessage.MustNewName("x.example.") })
	once := func(f func([]byte) []byte) func([]byte) [][]byte {
		return func(b []byte) [][]byte { return [][]byte{f(b)} }
	}
	none := func([]byte) []byte { return nil }
	for name, c := range map[string]struct {
		udp          func([]byte) [][]byte
		tcp          func([]byte) []byte
		timeout      time.Duration
		verdict, why string
	}{
		"good":               {once(good), none, never, up, ""},
		"SERVFAIL":           {once(code(dnsmessage.RCodeServerFailure)), none, never, down, `ask for web\.example\. A at .*: SERVFAIL`},
		"REFUSED":            {once(code(dnsmessage.RCodeRefused)), none, never, down, `ask for web\.example\. A at .*: REFUSED`},
		"BADVERS":            {once(code(9)), none, never, down, `ask for web\.example\. A at .*: rcode 9`},
		"others pass":        {func(b []byte) [][]byte { return [][]byte{stranger(b), other(b), b, good(b)} }, none, never, up, ""},
		"only others":        {once(stranger), none, soon, down, `ask for web\.example\. A at .* over udp: timeout after 200ms`},
		"malformed":          {func([]byte) [][]byte { return [][]byte{[]byte("hello")} }, none, never, down, `ask for web\.example\. A at .* over udp: the answer is malformed: .*`},
		"truncated":          {once(truncated), good, never, up, ""},
		"truncated, silent":  {once(truncated), none, slowly, down, `ask for web\.example\. A at .* over tcp: timeout after 2s`},
		"truncated SERVFAIL": {once(truncated), code(dnsmessage.RCodeServerFailure), never, down, `ask for web\.example\. A at .*: SERVFAIL`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to := dnsServer(t, c.udp, c.tcp)
			expect(t, try(t, spec.Check{Kind: "dns", Addr: to, Timeout: c.timeout, Settings: settings("name", "web.example", "type", "A")}), c.verdict, c.why)
		})
	}
	expect(t, try(t, spec.Check{Kind: "dns", Addr: closedPort(t), Settings: settings("name", "web.example")}), down, `ask for web\.example\. SOA at .* over udp: connection refused`)
}

// The mailbox of a SOA may have a dot in its first label, "john\.doe.example.com" (RFC 1035, section 8).
func TestDottedMailbox(t *testing.T) {
	kept(t)
	to := serveUDP(t, func(b []byte) [][]byte {
		b[2] |= 0x80                                                                                    // an answer
		b[7] = 1                                                                                        // with one record, of the name at 12:
		b = append(b, 0xc0, 12, 0, byte(dnsmessage.TypeSOA), 0, byte(dnsmessage.ClassINET), 0, 0, 0, 9) // TTL 9
		data := append([]byte("\x02ns\xc0\x0c\x08john.doe\xc0\x0c"), make([]byte, 5*4)...)
		return [][]byte{append(append(b, 0, byte(len(data))), data...)}
	})
	expect(t, try(t, spec.Check{Kind: "dns", Addr: to, Settings: settings("name", "example.com")}), up, "")
}
