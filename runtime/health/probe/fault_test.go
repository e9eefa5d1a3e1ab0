package probe

import (
	"net"
	"net/netip"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// Want of descriptors is no fault of a server, whatever the kind.
func TestNoDescriptors(t *testing.T) {
	kept(t)
	to := serve(t, silence)
	var probes []Probe
	for _, c := range []spec.Check{
		{Kind: "https", Settings: settings("insecure", "true")}, {Kind: "grpc"}, {Kind: "udp"}, {Kind: "dns", Settings: settings("name", "example.com")}, {Kind: "smtp"}, {Kind: "ping"},
		{Kind: "exec", Settings: settings("command", "/bin/true")}, {Kind: "file", Settings: settings("path", "/etc/passwd")},
	} {
		c.Addr, c.Timeout = to, never
		probe, err := New(c)
		if err != nil {
			t.Fatal(err)
		}
		probes = append(probes, probe)
	}
	var was syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: 3, Max: was.Max}); err != nil {
		t.Fatal(err)
	}
	results := []Result{}
	for _, probe := range probes {
		results = append(results, probe(t.Context()))
	}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &was); err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		expect(t, r, aside, `.*: too many open files`)
	}
}

// A source address has as many connections to each server as there are ports; when these are in use, that is no fault of the server.
func TestNoPorts(t *testing.T) {
	kept(t)
	inNamespace(t, func(run func(string)) {
		run("echo '40000 40009' > /proc/sys/net/ipv4/ip_local_port_range")
		for _, at := range []string{"127.0.0.1:443", "127.0.0.3:443"} {
			l, err := net.Listen("tcp4", at)
			if err != nil {
				t.Error(err)
				return
			}
			defer func() { _ = l.Close() }()
			check := spec.Check{Kind: "https", Addr: netip.MustParseAddrPort(at), Timeout: never, Settings: settings("bind", "127.0.0.2")}
			d, err := newDialer(check)
			if err != nil {
				t.Error(err)
				return
			}
			for range 10 {
				c, r := d.connect(t.Context(), "tcp")
				if c == nil {
					t.Errorf("%s: %s", at, r.Why)
					return
				}
				defer func() { _ = c.Close() }()
			}
			expect(t, try(t, check), aside, `connect to 127\.0\.0\.\d:443: cannot assign requested address`)
		}
	})
}

// A probe leaves no socket behind, in TIME_WAIT or otherwise, when it succeeds, when the server closes first and when it times out.
func TestNothingInTimeWait(t *testing.T) {
	kept(t)
	a := newAuthority(t, "Test CA")
	inNamespace(t, func(func(string)) {
		good := serveTLS(t, a.serverTLS(time.Hour, "127.0.0.1"), answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"))
		mute := serve(t, silence)
		expect(t, try(t, https(good, a)), up, "")
		late := https(mute, a)
		late.Timeout = soon
		expect(t, try(t, late), down, `.* timeout .*`)
		queue := https(fullQueue(t), a)
		queue.Timeout = soon
		expect(t, try(t, queue), down, `.* timeout .*`)
		b, err := os.ReadFile("/proc/thread-self/net/tcp")
		if err != nil {
			t.Error(err)
			return
		}
		for line := range strings.Lines(string(b)) {
			f := strings.Fields(line)
			if len(f) > 3 && f[3] == "06" { // TCP_TIME_WAIT (include/net/tcp_states.h)
				t.Errorf("left in TIME_WAIT: %s", line)
			}
		}
	})
}
