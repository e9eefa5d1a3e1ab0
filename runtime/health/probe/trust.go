package probe

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync"

	"github.com/lbsync/lbsync/runtime/patient"
	"github.com/lbsync/lbsync/spec"
)

// trust is what a check needs for TLS: whom to trust and who it is itself.
type trust struct {
	name      string // that the certificate has to have; an address is not sent as SNI
	insecure  bool
	protocols []string // offered by ALPN
	files     *certFiles

	mu   sync.Mutex
	from *certs // of which held is made
	held *tls.Config
}

func newTrust(c spec.Check, protocols ...string) *trust {
	v := c.Settings.Values()
	return &trust{name: serverName(c, v), insecure: v.Get("insecure") == "true", protocols: protocols,
		files: certFilesOf(certPaths{ca: v.Get("ca_file"), cert: v.Get("cert_file"), key: v.Get("key_file")})}
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
	now, err := t.files.now.Get(ctx)
	if hung := (patient.Hangs{}); errors.As(err, &hung) {
		return nil, fmt.Errorf("read certificates: %w", err)
	}
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.from != now {
		t.from, t.held = now, &tls.Config{
			ServerName: t.name, InsecureSkipVerify: t.insecure, NextProtos: t.protocols, // insecure is written in the fleet, for all to see
			RootCAs: now.roots, Certificates: now.own, ClientSessionCache: tls.NewLRUClientSessionCache(1),
		}
	}
	return t.held, nil
}
