package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"net/textproto"
	"strings"

	"github.com/lbsync/lbsync/spec"
)

// mostMail is how much of a server's answers is read.
const mostMail = 64 << 10

// mailer is a check of kind smtp: the greeting 220, EHLO, or HELO where the server knows only that, and QUIT (RFC 5321, section 4.1).
type mailer struct {
	dialer
	host string // "": the own address, as a client without a name says it (section 4.1.3)
}

func newSMTP(c spec.Check) (Probe, error) {
	d, err := newDialer(c)
	return mailer{d, c.Settings.Values().Get("host")}.probe, err
}

func (m mailer) probe(ctx context.Context) Result {
	raw, res := m.connect(ctx, "tcp")
	if raw == nil {
		return res
	}
	defer func() { _ = raw.Close() }()
	conn := textproto.NewConn(struct {
		io.Reader
		io.WriteCloser
	}{io.LimitReader(raw, mostMail), raw})
	host := m.host
	if host == "" {
		host = literal(raw.LocalAddr())
	}
	doing, err := "wait for the greeting", heard(conn, 220)
	if err == nil {
		doing, err = "EHLO "+host, said(conn, "EHLO "+host, 250)
	}
	if unknown(err) {
		doing, err = "HELO "+host, said(conn, "HELO "+host, 250)
	}
	if err == nil {
		doing, err = "QUIT", said(conn, "QUIT", 221)
	}
	if err != nil {
		return m.failed(ctx, doing, err)
	}
	return ok
}

func said(conn *textproto.Conn, line string, want int) error {
	if err := conn.PrintfLine("%s", line); err != nil {
		return err
	}
	return heard(conn, want)
}

// heard reads an answer. One that begins without a code is none: textproto would wait for the line after "SSH-2.0".
func heard(conn *textproto.Conn, want int) error {
	code, err := conn.R.Peek(3)
	if err != nil {
		return err
	}
	if strings.Trim(string(code), "0123456789") != "" {
		begin, _ := conn.R.Peek(min(conn.R.Buffered(), 32))
		return fmt.Errorf("the server does not speak SMTP: it begins with %q", begin)
	}
	_, _, err = conn.ReadResponse(want)
	return err
}

// unknown says whether a server does not know a command (RFC 5321, section 4.2.4).
func unknown(err error) bool {
	e, is := errors.AsType[*textproto.Error](err)
	return is && e.Code >= 500 && e.Code <= 504
}

func (m mailer) failed(ctx context.Context, doing string, err error) Result {
	doing = fmt.Sprintf("SMTP with %v: %s", m.check.Addr, doing)
	if e, is := errors.AsType[*textproto.Error](err); is {
		return bad("%s: the server answers %d %s", doing, e.Code, e.Msg)
	}
	return failed(ctx, m.check, doing, err)
}

// literal is an address as EHLO takes it (RFC 5321, section 4.1.3).
func literal(a net.Addr) string {
	at, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return "localhost"
	}
	addr := at.Addr().WithZone("").Unmap()
	if addr.Is6() {
		return "[IPv6:" + addr.String() + "]"
	}
	return "[" + addr.String() + "]"
}
