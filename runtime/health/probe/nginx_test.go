package probe

import (
	"bytes"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// start runs a server of Debian's in the foreground until the test ends, and waits until it accepts connections.
func start(t testing.TB, to netip.AddrPort, argv ...string) {
	t.Helper()
	program, err := exec.LookPath(argv[0])
	if err != nil {
		t.Skipf("%v: .ci/run has the packages that the tests need", err)
	}
	var out bytes.Buffer
	cmd := exec.Command(program, argv[1:]...)
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM)
		<-ended
	})
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(never); ; {
		if c, err := net.Dial("tcp", to.String()); err == nil {
			_ = c.Close()
			return
		}
		select {
		case err := <-ended:
			ended <- err
			t.Fatalf("%v ended: %v\n%s", argv, err, out.Bytes())
		case <-tick.C:
		}
		if time.Now().After(end) {
			t.Fatalf("%v does not accept connections", argv)
		}
	}
}

// startNginx serves HTTPS of several kinds: by HTTP/2 and by 1.1, and to those only who have a certificate. It speaks plain HTTP too.
func startNginx(t testing.TB, a *authority) (h2, h1, mutual, plain netip.AddrPort) {
	t.Helper()
	dir := t.TempDir()
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	cert, key := a.issue(time.Hour, "web.example.com", "127.0.0.1")
	h2, h1, mutual, plain = closedPort(t), closedPort(t), closedPort(t), closedPort(t)
	common := fmt.Sprintf(`
  ssl_certificate %s;
  ssl_certificate_key %s;
  location /health { return 200 "proto=$server_protocol sni=$ssl_server_name host=$host probe=$http_x_probe resumed=$ssl_session_reused\n"; }
  location /moved { return 301 https://127.0.0.1:1/; }
  location / { return 404; }`, cert, key)
	config := fmt.Sprintf(`
daemon off;
master_process off;
pid %[1]s/pid;
error_log %[1]s/error.log;
events { worker_connections 64; }
http {
access_log off;
client_body_temp_path %[1]s/a; proxy_temp_path %[1]s/b; fastcgi_temp_path %[1]s/c; uwsgi_temp_path %[1]s/d; scgi_temp_path %[1]s/e;
server { listen %[2]v ssl http2; %[6]s }
server { listen %[3]v ssl; %[6]s }
server { listen %[4]v ssl; ssl_client_certificate %[7]s; ssl_verify_client on; %[6]s }
server { listen %[5]v; location / { return 200 "plain\n"; } }
}
`, dir, h2, h1, mutual, plain, common, a.file())
	file := filepath.Join(dir, "nginx.conf")
	if err := os.WriteFile(file, []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, plain, "/usr/sbin/nginx", "-p", dir, "-e", filepath.Join(dir, "error.log"), "-c", file)
	return h2, h1, mutual, plain
}

func TestNginx(t *testing.T) {
	a := newAuthority(t, "Test CA")
	h2, h1, mutual, plain := startNginx(t, a)
	cert, key := a.issue(time.Hour, "probe.example.com")
	kept(t)
	for name, c := range map[string]struct {
		check        spec.Check
		verdict, why string
	}{
		"HTTP/2": {https(h2, a, "path", "/health", "host", "web.example.com", "headers", "X-Probe: yes", "body", `^proto=HTTP/2\.0 sni=web\.example\.com host=web\.example\.com probe=yes`), up, ""},
		// With an address no name is sent, and the certificate has to have the address.
		"HTTP/1.1":           {https(h1, a, "path", "/health", "body", `^proto=HTTP/1\.1 sni= host=127\.0\.0\.1 `), up, ""},
		"HEAD":               {https(h2, a, "path", "/health", "method", "HEAD"), up, ""},
		"POST":               {https(h1, a, "path", "/health", "method", "POST"), up, ""},
		"not found":          {https(h2, a, "path", "/gone"), down, `GET https://.*/gone: status 404, want 200 to 299`},
		"redirect":           {https(h2, a, "path", "/moved"), down, `GET https://.*/moved: status 301, want 200 to 299`},
		"body":               {https(h2, a, "path", "/health", "body", "^proto=HTTP/3"), down, `GET .*/health: the body, \d+ bytes, does not match .*`},
		"name":               {https(h2, a, "sni", "shop.example.com"), down, `TLS with .*: the certificate is for web\.example\.com, 127\.0\.0\.1, not for shop\.example\.com`},
		"client certificate": {https(mutual, a, "path", "/health", "cert_file", cert, "key_file", key), up, ""},
		"none":               {https(mutual, a, "path", "/health"), down, `GET .*/health: status 400, want 200 to 299`},
		"plain HTTP":         {https(plain, a), down, `TLS with .*: the server answers in plain HTTP`},
	} {
		t.Run(name, func(t *testing.T) { expect(t, try(t, c.check), c.verdict, c.why) })
	}
	probe, err := New(https(h2, a, "path", "/health", "body", `resumed=r`))
	if err != nil {
		t.Fatal(err)
	}
	expect(t, probe(t.Context()), down, `GET .*/health: the body.* does not match .*`) // the first has nothing to resume
	expect(t, probe(t.Context()), up, "")
}
