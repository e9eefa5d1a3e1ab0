package probe

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"strings"

	"github.com/lbsync/lbsync/spec"
)

// trust is what a check needs for TLS: whom to trust and who it is itself. Its files are on this host; they are read when they changed,
// which costs a probe stat(2) of each.
type trust struct {
	name          string // that the certificate has to have; an address is not sent as SNI
	insecure      bool
	protocols     []string // offered by ALPN
	ca, cert, key string

	files patient[*tls.Config]
	state fileStates // when they were read
	held  *tls.Config
}

func newTrust(c spec.Check, protocols ...string) *trust {
	v := c.Settings.Values()
	t := &trust{name: serverName(c, v), insecure: v.Get("insecure") == "true", protocols: protocols,
		ca: v.Get("ca_file"), cert: v.Get("cert_file"), key: v.Get("key_file")}
	t.files.call = t.load
	return t
}

// serverName is sni, else host without its port, else the address.
func serverName(c spec.Check, v url.Values) string {
	if sni := v.Get("sni"); sni != "" {
		return strings.TrimSuffix(sni, ".")
	}
	host := v.Get("host")
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if host = strings.Trim(host, "[]"); host != "" {
		return host
	}
	return c.Addr.Addr().WithZone("").String()
}

// config is the configuration of TLS as the files are now. Sessions are resumed until one of them changes.
func (t *trust) config(ctx context.Context) (*tls.Config, error) {
	c, err := t.files.get(ctx)
	if hung := (hangs{}); errors.As(err, &hung) {
		return nil, fmt.Errorf("read certificates: %w", err)
	}
	return c, err
}

// load is one call at a time.
func (t *trust) load() (*tls.Config, error) {
	now, err := t.stat()
	if err != nil {
		return nil, err
	}
	if t.held != nil && now.same(t.state) {
		return t.held, nil
	}
	held, err := t.read()
	if err != nil {
		return nil, err
	}
	t.held, t.state = held, now
	return held, nil
}

// fileStates are those of ca, cert and key; nil where there is none.
type fileStates [3]fs.FileInfo

func (t *trust) stat() (fileStates, error) {
	var out fileStates
	for i, name := range []string{t.ca, t.cert, t.key} {
		if name == "" {
			continue
		}
		info, err := os.Stat(name)
		if err != nil {
			return out, fmt.Errorf("read certificates: %w", err)
		}
		out[i] = info
	}
	return out, nil
}

func (f fileStates) same(o fileStates) bool {
	for i := range f {
		if f[i] != nil && (!os.SameFile(f[i], o[i]) || f[i].Size() != o[i].Size() || !f[i].ModTime().Equal(o[i].ModTime())) {
			return false
		}
	}
	return true
}

func (t *trust) read() (*tls.Config, error) {
	c := &tls.Config{
		ServerName: t.name, InsecureSkipVerify: t.insecure, NextProtos: t.protocols, // insecure is written in the fleet, for all to see
		ClientSessionCache: tls.NewLRUClientSessionCache(1),
	}
	if t.ca != "" {
		pem, err := os.ReadFile(t.ca)
		if err != nil {
			return nil, fmt.Errorf("read ca_file: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("read ca_file: %s has no certificate in PEM", t.ca)
		}
	}
	if t.cert != "" {
		pair, err := tls.LoadX509KeyPair(t.cert, t.key)
		if err != nil {
			if !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrPermission) {
				err = fmt.Errorf("%s and %s: %w", t.cert, t.key, err)
			}
			return nil, fmt.Errorf("read client certificate: %w", err)
		}
		c.Certificates = []tls.Certificate{pair}
	}
	return c, nil
}
