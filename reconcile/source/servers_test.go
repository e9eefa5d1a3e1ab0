package source

import (
	"crypto/ed25519"
	"encoding/pem"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/crypto/ssh"
	"golang.org/x/crypto/ssh/knownhosts"
)

func write(t testing.TB, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// serveHTTPS serves a repository by git http-backend behind TLS and, if token is set, basic authentication.
func serveHTTPS(t testing.TB, o *origin, token string) (Config, *httptest.Server) {
	t.Helper()
	srv := httptest.NewUnstartedServer(authorise(token, backend(t, o)))
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	t.Cleanup(srv.Close)
	cfg := config(t, srv.URL+"/fleet.git")
	cfg.Auth.CAFile = write(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: srv.Certificate().Raw})))
	if token != "" {
		cfg.Auth.TokenFile = write(t, "token", token+"\n")
	}
	return cfg, srv
}

func backend(t testing.TB, o *origin) http.Handler {
	t.Helper()
	needGit(t)
	path, err := exec.Command("git", "--exec-path").Output()
	if err != nil {
		t.Fatal(err)
	}
	return &cgi.Handler{
		Path: filepath.Join(strings.TrimSpace(string(path)), "git-http-backend"),
		Env:  []string{"GIT_PROJECT_ROOT=" + filepath.Dir(o.dir), "GIT_HTTP_EXPORT_ALL=1", "GIT_CONFIG_NOSYSTEM=1", "HOME=" + t.TempDir()},
		// The backend reports an empty repository and the like on its standard error.
		Stderr: io.Discard,
	}
}

func authorise(token string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, got, _ := r.BasicAuth()
		if token != "" && (got != token || user != "git") {
			http.Error(w, "no entry with "+got, http.StatusUnauthorized)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func newKey(t testing.TB, passphrase string) (ssh.Signer, string) {
	t.Helper()
	_, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if passphrase != "" {
		block, err = ssh.MarshalPrivateKeyWithPassphrase(private, "", []byte(passphrase))
	}
	if err != nil {
		t.Fatal(err)
	}
	signer, err := ssh.NewSignerFromKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return signer, write(t, "id", string(pem.EncodeToMemory(block)))
}

// serveSSH is an ssh server that lets one key run git-upload-pack, as a forge does.
func serveSSH(t testing.TB, o *origin, more ...ssh.Signer) Config {
	t.Helper()
	needGit(t)
	hostKey, _ := newKey(t, "")
	userKey, userFile := newKey(t, "")
	conf := &ssh.ServerConfig{PublicKeyCallback: func(_ ssh.ConnMetadata, key ssh.PublicKey) (*ssh.Permissions, error) {
		if string(key.Marshal()) != string(userKey.PublicKey().Marshal()) {
			return nil, io.EOF
		}
		return nil, nil
	}}
	for _, key := range append(more, hostKey) {
		conf.AddHostKey(key)
	}
	l := listen(t, func(c net.Conn) { serveSSHConn(c, conf) })
	cfg := config(t, "ssh://git@"+l.Addr().String()+o.dir)
	cfg.Auth.SSHKeyFile = userFile
	cfg.Auth.KnownHostsFile = write(t, "known_hosts", knownhosts.Line([]string{l.Addr().String()}, hostKey.PublicKey())+"\n")
	return cfg
}

// listen serves connections until the test ends.
func listen(t testing.TB, serve func(net.Conn)) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go serve(c)
		}
	}()
	return l
}

func serveSSHConn(c net.Conn, conf *ssh.ServerConfig) {
	defer func() { _ = c.Close() }()
	_, chans, reqs, err := ssh.NewServerConn(c, conf)
	if err != nil {
		return
	}
	go ssh.DiscardRequests(reqs)
	for n := range chans {
		ch, reqs, err := n.Accept()
		if err != nil {
			return
		}
		go serveSession(ch, reqs)
	}
}

func serveSession(ch ssh.Channel, reqs <-chan *ssh.Request) {
	defer func() { _ = ch.Close() }()
	for req := range reqs {
		if req.Type != "exec" {
			_ = req.Reply(false, nil)
			continue
		}
		var line struct{ Command string }
		_ = ssh.Unmarshal(req.Payload, &line)
		_ = req.Reply(true, nil)
		cmd := exec.Command("sh", "-c", line.Command)
		cmd.Stdout, cmd.Stderr = ch, ch.Stderr()
		// Not cmd.Stdin: Run would wait for the client to close its side, and sshd does not.
		in, err := cmd.StdinPipe()
		if err != nil {
			return
		}
		go func() { _, _ = io.Copy(in, ch); _ = in.Close() }()
		code := struct{ Code uint32 }{}
		if cmd.Run() != nil {
			code.Code = 128
		}
		_, _ = ch.SendRequest("exit-status", false, ssh.Marshal(code))
		return
	}
}
