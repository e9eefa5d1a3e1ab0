package probe

import (
	"bufio"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/emersion/go-smtp"

	"github.com/lbsync/lbsync/spec"
)

// greeted tells what clients call themselves.
type greeted chan string

func (g greeted) NewSession(c *smtp.Conn) (smtp.Session, error) {
	g <- c.Hostname()
	if c.Hostname() == "stranger.example.com" {
		return nil, &smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 7, 1}, Message: "we do not know you"}
	}
	return session{}, nil
}

type session struct{}

func (session) Reset()                               {}
func (session) Logout() error                        { return nil }
func (session) Mail(string, *smtp.MailOptions) error { return nil }
func (session) Rcpt(string, *smtp.RcptOptions) error { return nil }
func (session) Data(r io.Reader) error               { _, err := io.Copy(io.Discard, r); return err }

func TestSMTPServer(t *testing.T) {
	kept(t)
	names := make(greeted, 8)
	s := smtp.NewServer(names)
	s.Domain, s.ErrorLog = "mail.example.com", quiet{}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(l) }()
	t.Cleanup(func() {
		_ = s.Close()
		<-ended
	})
	for name, c := range map[string]struct{ host, says, verdict, why string }{
		"address": {"", "[127.0.0.1]", up, ""},
		"name":    {"lb1.example.com", "lb1.example.com", up, ""},
		"refused": {"stranger.example.com", "stranger.example.com", down, `SMTP with 127\.0\.0\.1:\d+: EHLO stranger\.example\.com: the server answers 550 .*we do not know you`},
	} {
		t.Run(name, func(t *testing.T) {
			words := []string{}
			if c.host != "" {
				words = []string{"host", c.host}
			}
			expect(t, try(t, spec.Check{Kind: "smtp", Addr: at(l.Addr()), Settings: settings(words...)}), c.verdict, c.why)
			if got := <-names; got != c.says {
				t.Errorf("it said %q, want %q", got, c.says)
			}
		})
	}
}

type quiet struct{}

func (quiet) Printf(string, ...any) {}
func (quiet) Println(...any)        {}

// dialogue answers line by line: "" closes.
func dialogue(banner string, answers map[string]string) func(net.Conn) {
	return func(c net.Conn) {
		_, _ = io.WriteString(c, banner)
		for in := bufio.NewScanner(c); in.Scan(); {
			verb, _, _ := strings.Cut(in.Text(), " ")
			a, known := answers[verb]
			if known && a == "" {
				return
			}
			_, _ = io.WriteString(c, a)
		}
	}
}

func TestSMTPFaults(t *testing.T) {
	kept(t)
	const banner, fine, bye = "220 mail.example.com\r\n", "250-mail.example.com\r\n250 HELP\r\n", "221 bye\r\n"
	for name, c := range map[string]struct {
		to           netip.AddrPort
		timeout      time.Duration
		verdict, why string
	}{
		"good":        {serve(t, dialogue(banner, map[string]string{"EHLO": fine, "QUIT": bye})), never, up, ""},
		"only HELO":   {serve(t, dialogue(banner, map[string]string{"EHLO": "502 what\r\n", "HELO": "250 hello\r\n", "QUIT": bye})), never, up, ""},
		"busy":        {serve(t, dialogue("421 too many connections\r\n", nil)), never, down, `SMTP with .*: wait for the greeting: the server answers 421 too many connections`},
		"no SMTP":     {serve(t, dialogue("SSH-2.0-OpenSSH\r\n", nil)), never, down, `SMTP with .*: wait for the greeting: the server does not speak SMTP: it begins with "SSH-2\.0-OpenSSH\\r\\n"`},
		"no answer":   {serve(t, dialogue(banner, map[string]string{"EHLO": "250-mail\r\n"})), slowly, down, `SMTP with .*: EHLO \[127\.0\.0\.1\]: timeout after 2s`},
		"closed":      {serve(t, dialogue(banner, map[string]string{"EHLO": ""})), never, down, `SMTP with .*: EHLO .*: closed by the server`},
		"no farewell": {serve(t, dialogue(banner, map[string]string{"EHLO": fine, "QUIT": ""})), never, down, `SMTP with .*: QUIT: closed by the server`},
		"silent":      {serve(t, silence), soon, down, `SMTP with .*: wait for the greeting: timeout after 200ms`},
		"reset":       {serve(t, func(c net.Conn) { _ = c.(*net.TCPConn).SetLinger(0) }), never, down, `(SMTP with .*: wait for the greeting|connect to .*): connection reset by peer`},
		"refused":     {closedPort(t), never, down, `connect to .*: connection refused`},
		"endless": {serve(t, func(c net.Conn) {
			for {
				if _, err := io.WriteString(c, "220-more and more\r\n"); err != nil {
					return
				}
			}
		}), never, down, `SMTP with .*: wait for the greeting: .*`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			expect(t, try(t, spec.Check{Kind: "smtp", Addr: c.to, Timeout: c.timeout}), c.verdict, c.why)
		})
	}
}
