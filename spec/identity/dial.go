package identity

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"
)

// ErrWrongKey is a server that has not the secret of any key that was expected.
var ErrWrongKey = errors.New("it presents another key")

// dialWithin bounds a connect and the handshake.
const dialWithin = 3 * time.Second

// Dial connects to a director and makes sure that it holds the secret of one of the expected public keys. Whether it admits us shows
// with the first byte read: TLS 1.3 ends for the client before the server has judged it. A refusal makes the next Dial try the next key.
func (r *Keyring) Dial(ctx context.Context, address string, expected []string) (net.Conn, error) {
	if len(expected) == 0 {
		return nil, fmt.Errorf("connect to %s: no key is known for it", address)
	}
	own, err := r.clientKey(address)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, dialWithin)
	defer cancel()
	raw, err := (&net.Dialer{}).DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", address, plainCause(err))
	}
	wrong := ""
	c := config(func(public string) error {
		if !slices.Contains(expected, public) {
			wrong = public
			return ErrWrongKey
		}
		return nil
	})
	c.ServerName = r.hintFor(address, expected)
	c.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &own.cert, nil }
	conn := tls.Client(raw, c)
	if err := conn.HandshakeContext(ctx); err != nil {
		_ = raw.Close()
		r.unmet(address, expected)
		if wrong != "" {
			return nil, fmt.Errorf("%s: %w: %s, where %s is expected", address, ErrWrongKey, wrong, strings.Join(expected, " or "))
		}
		return nil, fmt.Errorf("handshake with %s: %w", address, plainCause(err))
	}
	return &dialled{Conn: conn, ring: r, address: address, own: own.Public}, nil
}

// hintFor is the key to hope for. After a handshake that failed it is the next one: the server may hold that one only.
func (r *Keyring) hintFor(address string, expected []string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return hint(expected[r.hoped[address]%len(expected)])
}

func (r *Keyring) unmet(address string, expected []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.hoped[address] = (r.hoped[address] + 1) % len(expected)
}

// dialled is a connection whose first read tells whether we are admitted.
type dialled struct {
	*tls.Conn
	ring         *Keyring
	address, own string
	once         sync.Once
}

// ErrNotAdmitted is a server that does not know our key.
var ErrNotAdmitted = errors.New("it does not admit the key")

func (d *dialled) Read(b []byte) (int, error) {
	n, err := d.Conn.Read(b)
	d.once.Do(func() {
		if n > 0 || err == nil || !refusing(err) {
			return
		}
		d.ring.disliked(d.address, d.own)
		if alerted(err) {
			err = fmt.Errorf("%s: %w %s", d.address, ErrNotAdmitted, d.own)
		}
	})
	return n, err
}

// refusing says whether a server that refuses a key ends a connection so: with an alert, or, if that got lost, without a word.
func refusing(err error) bool {
	return alerted(err) || errors.Is(err, io.EOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

func alerted(err error) bool {
	op, ok := errors.AsType[*net.OpError](err)
	return ok && op.Op == "remote error"
}

// plainCause leaves out what net adds around the system's own words.
func plainCause(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" && op.Err != nil {
		return op.Err
	}
	return err
}
