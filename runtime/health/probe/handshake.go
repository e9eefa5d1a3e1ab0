package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// handshake makes a connection one of TLS, and says why it cannot.
func (t *trust) handshake(ctx context.Context, c spec.Check, raw net.Conn) (*tls.Conn, Result) {
	config, err := t.config(ctx)
	if err != nil {
		return nil, local("%v", err)
	}
	conn := tls.Client(raw, config)
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, t.refused(ctx, c, err)
	}
	return conn, ok
}

func (t *trust) refused(ctx context.Context, c spec.Check, err error) Result {
	doing := fmt.Sprintf("TLS with %v", c.Addr)
	if why := t.distrusts(err, time.Now()); why != "" {
		return bad("%s: %s", doing, why)
	}
	if record, is := errors.AsType[tls.RecordHeaderError](err); is {
		if string(record.RecordHeader[:]) == "HTTP/" {
			return bad("%s: the server answers in plain HTTP", doing)
		}
		return bad("%s: the server does not answer in TLS: it begins with %q", doing, record.RecordHeader[:])
	}
	if op, is := errors.AsType[*net.OpError](err); is && op.Op == "remote error" { // a TLS alert (RFC 8446, section 6)
		return bad("%s: handshake refused by the server: %s", doing, strings.TrimPrefix(cause(err), "tls: "))
	}
	return failed(ctx, c, doing+": handshake", err)
}

// distrusts says what is wrong with the server's certificate; "" if it is something else that failed.
func (t *trust) distrusts(err error, now time.Time) string {
	if e, is := errors.AsType[x509.CertificateInvalidError](err); is {
		return invalid(e, now)
	}
	if e, is := errors.AsType[x509.HostnameError](err); is {
		return fmt.Sprintf("the certificate is for %s, not for %s", names(e.Certificate), t.name)
	}
	if e, is := errors.AsType[x509.UnknownAuthorityError](err); is {
		trusted := "this host"
		if t.files.ca != "" {
			trusted = t.files.ca
		}
		return fmt.Sprintf("the certificate comes from an unknown authority, %q, which %s does not trust", issuer(e.Cert), trusted)
	}
	if e, is := errors.AsType[*tls.CertificateVerificationError](err); is {
		return fmt.Sprintf("the certificate does not verify: %v", e.Err)
	}
	return ""
}

func invalid(e x509.CertificateInvalidError, now time.Time) string {
	switch whose := "the certificate of " + fmt.Sprintf("%q", subject(e.Cert)); {
	case e.Reason != x509.Expired:
		return fmt.Sprintf("%s is not valid: %v", whose, e)
	case now.Before(e.Cert.NotBefore):
		return fmt.Sprintf("%s is not valid before %s", whose, e.Cert.NotBefore.UTC().Format(time.RFC3339))
	default:
		return fmt.Sprintf("%s expired at %s", whose, e.Cert.NotAfter.UTC().Format(time.RFC3339))
	}
}

// names are those that a certificate has, the first few.
func names(c *x509.Certificate) string {
	const most = 5
	all := append([]string(nil), c.DNSNames...)
	for _, a := range c.IPAddresses {
		all = append(all, a.String())
	}
	switch {
	case len(all) == 0:
		return "no name at all"
	case len(all) > most:
		return fmt.Sprintf("%s and %d more", strings.Join(all[:most], ", "), len(all)-most)
	}
	return strings.Join(all, ", ")
}

// subject is by what a certificate is known: the first name that it has, or its subject.
func subject(c *x509.Certificate) string {
	if len(c.DNSNames) > 0 {
		return c.DNSNames[0]
	}
	return c.Subject.String()
}

func issuer(c *x509.Certificate) string {
	if c == nil {
		return ""
	}
	return c.Issuer.String()
}
