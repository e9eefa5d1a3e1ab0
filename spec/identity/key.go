package identity

import (
	"bytes"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// Key is a private key, ready for TLS.
type Key struct {
	Public string // "ed25519:BASE64"
	cert   tls.Certificate
}

// pemType is that of PKCS#8 (RFC 5958), as openssl writes it too.
const pemType = "PRIVATE KEY"

// maxKeyFile and maxKeys bound a key file: two keys are one change of keys, some more are an oversight.
const (
	maxKeyFile = 64 << 10
	maxKeys    = 8
)

// Create makes a key and writes it into a new file for its owner alone. A file that is there is never overwritten: nobody could get
// the key back.
func Create(path string) (Key, error) {
	_, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return Key{}, fmt.Errorf("make key: %w", err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(private)
	if err != nil {
		return Key{}, fmt.Errorf("make key: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return Key{}, fmt.Errorf("write key: %s is there already, and a key is never overwritten: name another file, or move it away", path)
	}
	if err != nil {
		return Key{}, fmt.Errorf("write key: %w", err)
	}
	_, err = f.Write(pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: der}))
	if err := errors.Join(err, f.Sync(), f.Close(), syncFolder(path)); err != nil {
		return Key{}, fmt.Errorf("write key: %w", errors.Join(err, os.Remove(path)))
	}
	return newKey(private)
}

func syncFolder(path string) error {
	d, err := os.Open(filepath.Dir(path))
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// Read reads the keys of a file, one or several. The error is of kind fs.ErrNotExist when there is no file.
func Read(path string) ([]Key, error) {
	text, err := readPrivate(path)
	if err != nil {
		return nil, fmt.Errorf("read key: %w", err)
	}
	var keys []Key
	for n := 1; len(bytes.TrimSpace(text)) > 0; n++ {
		block, rest := pem.Decode(text)
		if block == nil || n > maxKeys {
			break
		}
		k, err := parse(block)
		if err != nil {
			return nil, fmt.Errorf("read key: %s, block %d: %w", path, n, err)
		}
		keys, text = append(keys, k), rest
	}
	switch {
	case len(bytes.TrimSpace(text)) > 0:
		return nil, fmt.Errorf("read key: %s: after %d keys stands something that is none, or there are more than %d: it should hold PEM blocks of type %q alone", path, len(keys), maxKeys, pemType)
	case len(keys) == 0:
		return nil, fmt.Errorf("read key: %s is empty: make a key with lbsync keygen", path)
	}
	return keys, nil
}

// readPrivate reads a file that nobody but its owner may read.
func readPrivate(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	switch mode := info.Mode(); {
	case !mode.IsRegular():
		return nil, fmt.Errorf("%s is no file", path)
	case mode.Perm()&0o077 != 0:
		return nil, fmt.Errorf("%s has mode %04o, so others may read the key: chmod 600 it, and change the key if somebody could have", path, mode.Perm())
	case info.Size() > maxKeyFile:
		return nil, fmt.Errorf("%s has %d bytes, which is no key", path, info.Size())
	}
	text := make([]byte, info.Size())
	n, err := f.ReadAt(text, 0)
	if err != nil {
		return nil, err
	}
	return text[:n], nil
}

func parse(block *pem.Block) (Key, error) {
	if block.Type != pemType {
		return Key{}, fmt.Errorf("a PEM block of type %q, and not %q", block.Type, pemType)
	}
	any, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return Key{}, err
	}
	private, ok := any.(ed25519.PrivateKey)
	if !ok {
		return Key{}, fmt.Errorf("a key of type %T, and not Ed25519: make one with lbsync keygen", any)
	}
	return newKey(private)
}

// newKey gives a key a certificate, which only carries it: no one looks at names and dates.
func newKey(private ed25519.PrivateKey) (Key, error) {
	public := private.Public().(ed25519.PublicKey)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "lbsync"},
		NotBefore: time.Unix(0, 0), NotAfter: time.Date(9999, 12, 31, 23, 59, 59, 0, time.UTC), // RFC 5280, 4.1.2.5: no end
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, public, private)
	if err != nil {
		return Key{}, fmt.Errorf("make certificate: %w", err)
	}
	return Key{spec.FormatPublicKey(public), tls.Certificate{Certificate: [][]byte{der}, PrivateKey: private}}, nil
}
