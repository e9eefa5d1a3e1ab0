package probe

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"

	"golang.org/x/net/dns/dnsmessage"

	"github.com/lbsync/lbsync/spec"
)

// query is a check of kind dns: one question over UDP, again over TCP where the answer is truncated (RFC 7766, section 5). A success
// is NOERROR with a record of the type that was asked for; SERVFAIL and REFUSED are failures, and so are NXDOMAIN and an answer
// without such a record: the name is one that has to be there.
type query struct {
	dialer
	question dnsmessage.Question
}

var recordTypes = map[string]dnsmessage.Type{
	"A": dnsmessage.TypeA, "AAAA": dnsmessage.TypeAAAA, "CNAME": dnsmessage.TypeCNAME, "MX": dnsmessage.TypeMX,
	"NS": dnsmessage.TypeNS, "SOA": dnsmessage.TypeSOA, "TXT": dnsmessage.TypeTXT, "": dnsmessage.TypeSOA,
}

// rcodes are the words of RFC 1035, section 4.1.1, that operators know.
var rcodes = map[dnsmessage.RCode]string{
	dnsmessage.RCodeFormatError: "FORMERR", dnsmessage.RCodeServerFailure: "SERVFAIL", dnsmessage.RCodeNameError: "NXDOMAIN",
	dnsmessage.RCodeNotImplemented: "NOTIMP", dnsmessage.RCodeRefused: "REFUSED",
}

func newDNS(c spec.Check) (Probe, error) {
	d, err := newDialer(c)
	if err != nil {
		return nil, err
	}
	v := c.Settings.Values()
	name, err := dnsmessage.NewName(strings.TrimSuffix(v.Get("name"), ".") + ".")
	if err != nil {
		return nil, fmt.Errorf("read name: %w", err)
	}
	of, known := recordTypes[v.Get("type")]
	if !known {
		return nil, fmt.Errorf("read type: %s is not known", v.Get("type"))
	}
	return query{d, dnsmessage.Question{Name: name, Type: of, Class: dnsmessage.ClassINET}}.probe, nil
}

func (q query) String() string {
	return fmt.Sprintf("%s %s at %v", q.question.Name, strings.TrimPrefix(q.question.Type.String(), "Type"), q.check.Addr)
}

func (q query) probe(ctx context.Context) Result {
	id := uint16(rand.Uint32())
	asked := dnsmessage.Message{Header: dnsmessage.Header{ID: id, RecursionDesired: true}, Questions: []dnsmessage.Question{q.question}}
	text, err := asked.Pack()
	if err != nil {
		return local("ask for %v: %v", q, err)
	}
	a, res := q.exchange(ctx, "udp", id, text)
	if res.OK && a.head.Truncated {
		a, res = q.exchange(ctx, "tcp", id, text)
	}
	if !res.OK {
		return res
	}
	return q.judge(a)
}

// reply is what a server answered.
type reply struct {
	head    dnsmessage.Header
	answers []dnsmessage.Type // none where it is truncated: they come whole, over TCP
}

// exchange asks and waits for the answer to that; others are passed over.
func (q query) exchange(ctx context.Context, network string, id uint16, text []byte) (reply, Result) {
	conn, res := q.connect(ctx, network)
	if conn == nil {
		return reply{}, res
	}
	defer func() { _ = conn.Close() }()
	doing := fmt.Sprintf("ask for %v over %s", q, network)
	hear, b := conn.Read, make([]byte, mostReply)
	if network == "tcp" {
		b = make([]byte, 1<<16)
		text = append(binary.BigEndian.AppendUint16(nil, uint16(len(text))), text...)
		hear = func(b []byte) (int, error) { return readFrame(conn, b) }
	}
	if _, err := conn.Write(text); err != nil {
		return reply{}, failed(ctx, q.check, doing, err)
	}
	for {
		n, err := hear(b)
		if err != nil {
			return reply{}, failed(ctx, q.check, doing, err)
		}
		a, mine, err := q.read(b[:n], id)
		switch {
		case err != nil:
			return a, bad("%s: the answer is malformed: %v", doing, err)
		case mine:
			return a, ok
		}
	}
}

// readFrame reads one message of TCP, which has its length before it (RFC 1035, section 4.2.2).
func readFrame(r io.Reader, b []byte) (int, error) {
	if _, err := io.ReadFull(r, b[:2]); err != nil {
		return 0, err
	}
	return io.ReadFull(r, b[:binary.BigEndian.Uint16(b)])
}

// read is an answer, and whether it is one to this question.
func (q query) read(b []byte, id uint16) (a reply, mine bool, err error) {
	var p dnsmessage.Parser
	if a.head, err = p.Start(b); err != nil || !a.head.Response || a.head.ID != id {
		return a, false, err
	}
	asked, err := p.AllQuestions()
	if err != nil {
		return a, false, err
	}
	// A server that refuses may leave the question out.
	if len(asked) > 0 && (!strings.EqualFold(asked[0].Name.String(), q.question.Name.String()) || asked[0].Type != q.question.Type) {
		return a, false, nil
	}
	if !a.head.Truncated {
		a.answers, err = answerTypes(&p)
	}
	return a, true, err
}

// answerTypes leaves unread what the records say: the parser refuses a dot in a label, as the mailbox of a SOA may have one (RFC 1035,
// section 8; golang/go#56246).
func answerTypes(p *dnsmessage.Parser) ([]dnsmessage.Type, error) {
	var out []dnsmessage.Type
	for {
		h, err := p.AnswerHeader()
		if err == nil {
			out, err = append(out, h.Type), p.SkipAnswer()
		}
		if errors.Is(err, dnsmessage.ErrSectionDone) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

func (q query) judge(a reply) Result {
	if code := a.head.RCode; code != dnsmessage.RCodeSuccess {
		word := rcodes[code]
		if word == "" {
			word = fmt.Sprintf("rcode %d", code)
		}
		return bad("ask for %v: %s", q, word)
	}
	if slices.Contains(a.answers, q.question.Type) {
		return ok
	}
	return bad("ask for %v: NOERROR without such a record among %d", q, len(a.answers))
}
