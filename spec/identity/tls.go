package identity

import (
	"crypto/ed25519"
	"crypto/tls"
	"errors"
	"fmt"

	"github.com/lbsync/lbsync/spec"
)

// protocol is what is spoken inside. HTTP/2 would let one client have many requests at once.
const protocol = "http/1.1"

// Server is the TLS of a listener. admit judges the public key of a client, whose secret it has; an error refuses it in the handshake.
// A client without a key is refused by PublicOf, which says so better than RequireAnyClientCert would.
func (r *Keyring) Server(admit func(public string) error) *tls.Config {
	c := config(admit)
	c.ClientAuth = tls.RequestClientCert
	c.GetCertificate = r.serverKey
	return c
}

// config takes no old version, no session of before (which would outlive the trust in its key), and no certificate of any authority:
// InsecureSkipVerify turns off the judgement by names, dates and authorities, in whose place VerifyConnection judges the key.
func config(admit func(public string) error) *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13, NextProtos: []string{protocol}, SessionTicketsDisabled: true, InsecureSkipVerify: true,
		VerifyConnection: func(s tls.ConnectionState) error {
			public, err := PublicOf(s)
			if err != nil {
				return err
			}
			return admit(public)
		},
	}
}

// ErrKeyless is a peer that presents no Ed25519 key.
var ErrKeyless = errors.New("it presents no Ed25519 key")

// PublicOf is the public key that the other end presents.
func PublicOf(s tls.ConnectionState) (string, error) {
	if len(s.PeerCertificates) != 1 {
		return "", ErrKeyless
	}
	public, ok := s.PeerCertificates[0].PublicKey.(ed25519.PublicKey)
	if !ok {
		return "", ErrKeyless
	}
	text := spec.FormatPublicKey(public)
	if _, err := spec.ParsePublicKey(text); err != nil {
		return "", fmt.Errorf("the key %s: %w", text, err)
	}
	return text, nil
}
