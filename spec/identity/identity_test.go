package identity

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func make1(t *testing.T) (string, Key) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key.pem")
	k, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	return path, k
}

func ring(t *testing.T, paths ...string) *Keyring {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ring.pem")
	put(t, path, paths...)
	r, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// put writes several key files into one.
func put(t *testing.T, path string, from ...string) {
	t.Helper()
	var all []byte
	for _, f := range from {
		b, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, b...)
	}
	if err := os.WriteFile(path, all, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestKeysComeBack(t *testing.T) {
	one, a := make1(t)
	two, b := make1(t)
	r := ring(t, one, two)
	if got := r.Public(); !slices.Equal(got, []string{a.Public, b.Public}) {
		t.Errorf("got %v", got)
	}
	r.Declare(b.Public)
	if got := r.Public(); !slices.Equal(got, []string{b.Public, a.Public}) || r.Problem() != nil {
		t.Errorf("declared: got %v, %v", got, r.Problem())
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("no file: %v", err)
	}
}

// A key that is declared and not there has the file read again, so that it may come later.
func TestDeclaredKeyIsLookedFor(t *testing.T) {
	one, a := make1(t)
	two, b := make1(t)
	r := ring(t, one)
	r.Declare(b.Public)
	if err := r.Problem(); err == nil || !strings.Contains(err.Error(), b.Public) || !strings.Contains(err.Error(), a.Public) {
		t.Errorf("problem: %v", err)
	}
	if got := r.Public(); !slices.Equal(got, []string{a.Public}) {
		t.Errorf("got %v", got)
	}
	put(t, r.path, one, two)
	r.Declare(b.Public)
	if got := r.Public(); r.Problem() != nil || !slices.Equal(got, []string{b.Public, a.Public}) {
		t.Errorf("got %v, %v", got, r.Problem())
	}
}

// A key file may come, change and be damaged while a process runs; what was read is presented until there is something better.
func TestKeyFileComesAndChanges(t *testing.T) {
	one, a := make1(t)
	two, b := make1(t)
	path := filepath.Join(t.TempDir(), "key.pem")
	r := At(path)
	if _, err := r.Dial(t.Context(), "127.0.0.1:1", []string{a.Public}); !errors.Is(err, ErrNoKey) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("dial without a key: %v", err)
	}
	if _, err := r.serverKey(&tls.ClientHelloInfo{}); !errors.Is(err, ErrNoKey) {
		t.Errorf("answer without a key: %v", err)
	}
	if r.Problem() != nil {
		t.Errorf("nothing is declared: %v", r.Problem())
	}
	r.Declare(a.Public)
	problem := func(want string) {
		t.Helper()
		switch err := r.Problem(); {
		case want == "" && err != nil, want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("problem: %v, want %q", err, want)
		}
	}
	problem("has none: read key: open " + path)
	put(t, path, one)
	if !r.Reload() || !slices.Equal(r.Public(), []string{a.Public}) {
		t.Errorf("after it came: %v", r.Public())
	}
	problem("")
	if r.Reload() {
		t.Error("the same file is news")
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if r.Reload() || len(r.Public()) != 1 {
		t.Error("a key that others may read is gone, or news")
	}
	problem("chmod 600 it, and change the key if somebody could have; what was read before is still presented")
	if err := os.Chmod(path, 0o600); err != nil {
		t.Fatal(err)
	}
	r.Reload()
	problem("")
	put(t, path, two)
	if !r.Reload() || !slices.Equal(r.Public(), []string{b.Public}) {
		t.Errorf("after it changed: %v", r.Public())
	}
	problem("holds " + b.Public)
	r.Declare(b.Public)
	problem("")
}

// serve answers one line to each client that is admitted.
func serve(t *testing.T, r *Keyring, admit func(string) error) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			raw, err := l.Accept()
			if err != nil {
				return
			}
			c := tls.Server(raw, r.Server(admit))
			if c.Handshake() == nil {
				_, _ = io.WriteString(c, "hello\n")
			} else {
				_, _ = io.Copy(io.Discard, raw)
			}
			_ = c.Close()
		}
	}()
	t.Cleanup(func() {
		_ = l.Close()
		<-done
	})
	return l.Addr().String()
}

func only(keys ...string) func(string) error {
	return func(k string) error {
		if !slices.Contains(keys, k) {
			return errors.New("unknown")
		}
		return nil
	}
}

func greet(t *testing.T, r *Keyring, at string, expected ...string) error {
	t.Helper()
	c, err := r.Dial(t.Context(), at, expected)
	if err != nil {
		return err
	}
	defer func() { _ = c.Close() }()
	b := make([]byte, 6)
	_, err = io.ReadFull(c, b)
	return err
}

func TestBothEndsArePinned(t *testing.T) {
	onePath, one := make1(t)
	twoPath, two := make1(t)
	at := serve(t, ring(t, onePath), only(two.Public))
	if err := greet(t, ring(t, twoPath), at, one.Public); err != nil {
		t.Errorf("right keys: %v", err)
	}
	if err := greet(t, ring(t, twoPath), at, two.Public); !errors.Is(err, ErrWrongKey) || !strings.Contains(err.Error(), one.Public) {
		t.Errorf("another server: %v", err)
	}
	if err := greet(t, ring(t, onePath), at, one.Public); !errors.Is(err, ErrNotAdmitted) || !strings.Contains(err.Error(), one.Public) {
		t.Errorf("another client: %v", err)
	}
	if err := greet(t, ring(t, twoPath), at); err == nil {
		t.Error("a server of which no key is known")
	}
}

func TestOldTLSAndNoCertificate(t *testing.T) {
	onePath, one := make1(t)
	at := serve(t, ring(t, onePath), only(one.Public))
	for name, c := range map[string]*tls.Config{
		"no certificate": {InsecureSkipVerify: true},
		"TLS 1.2":        {InsecureSkipVerify: true, MaxVersion: tls.VersionTLS12},
	} {
		conn, err := tls.Dial("tcp", at, c)
		if err == nil {
			_, err = conn.Read(make([]byte, 1))
			_ = conn.Close()
		}
		if err == nil || errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// While a key changes, the two ends are at different commits: each pair of what they know has a key in common, and finds it. The first
// try may fail, the next does not.
func TestRotationFindsTheKeyThatBothKnow(t *testing.T) {
	oldPath, old := make1(t)
	newPath, fresh := make1(t)
	peerPath, peer := make1(t)
	both := ring(t, oldPath, newPath)
	for name, c := range map[string]struct{ declared, known string }{
		"here before, there before": {old.Public, old.Public}, "here before, there after": {old.Public, fresh.Public},
		"here after, there before": {fresh.Public, old.Public}, "here after, there after": {fresh.Public, fresh.Public},
	} {
		both.Declare(c.declared)
		at := serve(t, both, only(peer.Public))
		if err := greet(t, ring(t, peerPath), at, c.known); err != nil {
			t.Errorf("%s, as server: %v", name, err)
		}
		at = serve(t, ring(t, peerPath), only(c.known))
		err := greet(t, both, at, peer.Public)
		if errors.Is(err, ErrNotAdmitted) {
			err = greet(t, both, at, peer.Public)
		}
		if err != nil {
			t.Errorf("%s, as client: %v", name, err)
		}
	}
	// A client that knows more keys than the server has tries them in turn.
	stranger := "ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo="
	both.Declare(old.Public)
	at := serve(t, both, only(peer.Public))
	client := ring(t, peerPath)
	err := greet(t, client, at, stranger, fresh.Public)
	if errors.Is(err, ErrWrongKey) {
		err = greet(t, client, at, stranger, fresh.Public)
	}
	if err != nil {
		t.Errorf("two expected, one of which is not there: %v", err)
	}
}

func TestDialEndsWithItsContext(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0") // accepts by its backlog, and says nothing
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	path, k := make1(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := ring(t, path).Dial(ctx, l.Addr().String(), []string{k.Public}); err == nil {
		t.Error("connected to nobody")
	}
}
