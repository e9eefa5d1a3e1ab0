package source

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

// fails fetches and compares kind and text of the error; $URL stands for the url. Status must agree.
func fails(t *testing.T, cfg Config, kind error, text string) error {
	t.Helper()
	m := open(t, cfg)
	_, err := m.Fetch(t.Context())
	if !errors.Is(err, kind) {
		t.Fatalf("%v\nis not of kind %q", err, kind)
	}
	if want := strings.ReplaceAll(text, "$URL", cfg.URL); !strings.Contains(err.Error(), want) {
		t.Fatalf("%v\nlacks %q", err, want)
	}
	if s := m.Status(); s.Failures != 1 || s.Failing == "" || s.Err == nil || !s.FailingSince.Equal(testTime) || s.Call != "" {
		t.Fatalf("status %+v", s)
	}
	return err
}

func TestFaultsOfRepository(t *testing.T) {
	for name, serve := range transports {
		t.Run(name, func(t *testing.T) {
			empty := serve(t, newOrigin(t))
			_ = fails(t, empty, ErrEmpty, "list refs of $URL: repository is empty: remote repository is empty; push a first commit")

			o := newOrigin(t)
			id := o.push("main", "one", fleet(1))
			o.push("maintenance", "one", fleet(1))
			o.push("dev", "one", fleet(1))
			o.tag("v1", id)
			cfg := serve(t, o)
			cfg.Branch = "mian"
			_ = fails(t, cfg, ErrNoRef, "find branch mian in $URL: no such branch or tag; nearest branches: main, dev, maintenance")
			cfg.Branch = "v1"
			_ = fails(t, cfg, ErrNoRef, "there is a tag of that name: set tag instead")
			cfg.Branch, cfg.Tag = "", "main"
			_ = fails(t, cfg, ErrNoRef, "there is a branch of that name: set branch instead")
			cfg.Tag = "v2"
			_ = fails(t, cfg, ErrNoRef, "find tag v2 in $URL: no such branch or tag; nearest tags: v1")
			cfg.Tag, cfg.Commit = "", strings.Repeat("1", 40)
			_ = fails(t, cfg, ErrNoCommit, "no such commit")
			if err := os.Remove(filepath.Join(o.dir, "refs", "tags", "v1")); err != nil {
				t.Fatal(err)
			}
			cfg.Tag, cfg.Commit = "v2", ""
			_ = fails(t, cfg, ErrNoRef, "the repository has no tags")
			if err := os.Rename(o.dir, o.dir+".gone"); err != nil {
				t.Fatal(err)
			}
			err := fails(t, cfg, ErrNotFound, "$URL: repository not found")
			if token := strings.Contains(err.Error(), "token"); token != strings.HasPrefix(cfg.URL, "http") {
				t.Errorf("%v: it speaks of a token: %v", err, token)
			}
		})
	}
}

func TestFaultsOfNetwork(t *testing.T) {
	l := listen(t, func(net.Conn) {})
	closed := l.Addr().String()
	_ = l.Close()
	_ = fails(t, config(t, "http://"+closed+"/fleet.git"), ErrUnreachable, "list refs of $URL: git server cannot be reached")
	_ = fails(t, config(t, "http://"+closed+"/fleet.git"), ErrUnreachable, "connection refused; check that the server runs and that this machine may connect to it")
	_ = fails(t, config(t, "http://git.invalid/fleet.git"), ErrUnreachable, "; check the host name in the url and this machine's resolver")

	page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>welcome</html>") }))
	defer page.Close()
	_ = fails(t, config(t, page.URL+"/fleet.git"), ErrProtocol, "list refs of $URL: unexpected answer of the git server")
	broken := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) }))
	defer broken.Close()
	_ = fails(t, config(t, broken.URL+"/fleet.git"), ErrProtocol, "status code: 502; see the log of the git server")
	barred := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) }))
	defer barred.Close()
	_ = fails(t, config(t, barred.URL+"/fleet.git"), ErrAuth, "authorization failed; the token or key is known but may not read this repository")
}

func TestFaultsOfHTTPS(t *testing.T) {
	o := newOrigin(t)
	o.push("main", "one", fleet(1))
	good, _ := serveHTTPS(t, o, "s3cret")

	cfg := good
	cfg.Auth.CAFile = ""
	_ = fails(t, cfg, ErrTLS, "list refs of $URL: server certificate refused")
	cfg.Auth.CAFile = write(t, "ca.pem", "nothing")
	_ = fails(t, cfg, ErrTLS, "no PEM certificate in it; write the authority's certificate in PEM")
	cfg.Auth.CAFile = filepath.Join(t.TempDir(), "none")
	_ = fails(t, cfg, ErrTLS, "read CA file: server certificate refused: open "+cfg.Auth.CAFile)

	cfg = good
	cfg.Auth.TokenFile = ""
	_ = fails(t, cfg, ErrAuth, "check that the token or key is present, has not expired and may read this repository")
	cfg.Auth.TokenFile = write(t, "token", "\n")
	_ = fails(t, cfg, ErrAuth, "read token file "+cfg.Auth.TokenFile+": not authorised: it is empty; write the secret into it")
	cfg.Auth.TokenFile = filepath.Join(t.TempDir(), "none")
	_ = fails(t, cfg, ErrAuth, "no such file or directory; write it there, readable by this service alone")
	cfg = good
	cfg.Auth.CertFile, cfg.Auth.KeyFile = good.Auth.CAFile, good.Auth.TokenFile
	_ = fails(t, cfg, ErrAuth, "read client certificate "+cfg.Auth.CertFile)
}

// TestTokenStaysSecret: the server of this test repeats the token it was given; nothing may pass it on.
func TestTokenStaysSecret(t *testing.T) {
	o := newOrigin(t)
	o.push("main", "one", fleet(1))
	cfg, _ := serveHTTPS(t, o, "right")
	if err := os.WriteFile(cfg.Auth.TokenFile, []byte("wr0ng-token"), 0o600); err != nil {
		t.Fatal(err)
	}
	m := open(t, cfg)
	_, err := m.Fetch(t.Context())
	if !errors.Is(err, ErrAuth) || !strings.Contains(err.Error(), "no entry with ***") || strings.Contains(err.Error(), "wr0ng") {
		t.Fatalf("error %v", err)
	}
	if s := m.Status(); strings.Contains(s.Err.Error(), "wr0ng") || s.Failures != 1 {
		t.Fatalf("status %+v", s)
	}
	if err := os.WriteFile(cfg.Auth.TokenFile, []byte("right\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	fetch(t, m)
	if s := m.Status(); s.Failures != 0 || s.Failing != "" || s.Err != nil || !s.LastSuccess.Equal(testTime) {
		t.Fatalf("status after a good fetch with the new token: %+v", s)
	}
}

func TestFaultsOfSSH(t *testing.T) {
	o := newOrigin(t)
	o.push("main", "one", fleet(1))
	good := serveSSH(t, o)

	cfg := good
	cfg.Auth.KnownHostsFile = write(t, "known_hosts", "")
	_ = fails(t, cfg, ErrHostKey, "the host is not in the known_hosts file: run ssh-keyscan")
	cfg.Auth.KnownHostsFile = filepath.Join(t.TempDir(), "none")
	_ = fails(t, cfg, ErrHostKey, "read known_hosts: ssh host key refused")
	cfg.Auth.KnownHostsFile = write(t, "known_hosts", "what is this\n")
	_ = fails(t, cfg, ErrHostKey, "repair the line")

	stranger, strangerFile := newKey(t, "")
	host := strings.Split(strings.TrimPrefix(good.URL, "ssh://git@"), "/")[0]
	cfg.Auth.KnownHostsFile = write(t, "known_hosts", knownhosts.Line([]string{host}, stranger.PublicKey())+"\n")
	_ = fails(t, cfg, ErrHostKey, "connect to $URL: ssh host key refused")
	_ = fails(t, cfg, ErrHostKey, "the host presents another key than the known_hosts file holds: find out why")

	cfg = good
	cfg.Auth.SSHKeyFile = strangerFile
	_ = fails(t, cfg, ErrAuth, "add the public key as a deploy key with read access")
	cfg.Auth.SSHKeyFile = write(t, "id", "no key")
	_ = fails(t, cfg, ErrAuth, "write a private key in OpenSSH or PEM form")
	_, locked := newKey(t, "open sesame")
	cfg.Auth.SSHKeyFile = locked
	_ = fails(t, cfg, ErrAuth, "it has a passphrase; name a passphrase file, or use a deploy key without one")
	cfg.Auth.PassphraseFile = write(t, "passphrase", "wrong\n")
	_ = fails(t, cfg, ErrAuth, "read ssh key "+locked)
	cfg.Auth.PassphraseFile = write(t, "passphrase", "open sesame\n")
	_ = fails(t, cfg, ErrAuth, "the server takes none of what was offered")
}

// TestHostKeyKinds: a server with several keys is known by the one in known_hosts, whichever it would show first.
func TestHostKeyKinds(t *testing.T) {
	o := newOrigin(t)
	o.push("main", "one", fleet(1))
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	o.must(err)
	other, err := ssh.NewSignerFromKey(private)
	o.must(err)
	fetch(t, open(t, serveSSH(t, o, other)))
}

// hang accepts connections, hears the client's first words, and says no more than the given text until the test ends.
func hang(t *testing.T, text string) string {
	done := make(chan struct{})
	t.Cleanup(func() { close(done) })
	return listen(t, func(c net.Conn) {
		defer func() { _ = c.Close() }()
		_, _ = c.Read(make([]byte, 1024))
		_, _ = io.WriteString(c, text)
		<-done
	}).Addr().String()
}

func TestHungServer(t *testing.T) {
	_, key := newKey(t, "")
	for name, url := range map[string]string{
		"http silent":    "http://" + hang(t, "") + "/fleet.git",
		"http mid-refs":  "http://" + hang(t, "HTTP/1.1 200 OK\r\nContent-Type: application/x-git-upload-pack-advertisement\r\n\r\n001e# service=git-upload") + "/fleet.git",
		"ssh silent":     "ssh://git@" + hang(t, "") + "/fleet.git",
		"ssh mid-shake":  "ssh://git@" + hang(t, "SSH-2.0-slow\r\n") + "/fleet.git",
		"https no shake": "https://" + hang(t, "") + "/fleet.git",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cfg := config(t, url)
			cfg.Timeout = 100 * time.Millisecond
			if strings.HasPrefix(url, "ssh") {
				cfg.Auth.SSHKeyFile, cfg.Auth.KnownHostsFile = key, write(t, "known_hosts", "")
			}
			_ = fails(t, cfg, ErrTimeout, "$URL: no answer in time: context deadline exceeded; the server hangs or the timeout is too short")

			cfg.Timeout = time.Hour
			m := open(t, cfg)
			ctx, cancel := context.WithCancel(t.Context())
			got := make(chan error, 1)
			go func() { _, err := m.Fetch(ctx); got <- err }()
			cancel()
			if err := <-got; !errors.Is(err, context.Canceled) {
				t.Fatalf("cancelled fetch: %v", err)
			}
			if s := m.Status(); s.Failures != 0 {
				t.Fatalf("the caller's cancellation counts as a failure: %+v", s)
			}
		})
	}
}
