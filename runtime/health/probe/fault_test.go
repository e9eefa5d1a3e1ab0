package probe

import (
	"fmt"
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
	checks := []spec.Check{
		{Kind: "https", Settings: settings("insecure", "true")}, {Kind: "grpc"}, {Kind: "udp"}, {Kind: "dns", Settings: settings("name", "example.com")}, {Kind: "smtp"},
		{Kind: "exec", Settings: settings("command", "/bin/true")}, {Kind: "file", Settings: settings("path", "/etc/passwd")},
	}
	if os.Getuid() == 0 { // else it is the capability that is wanting
		checks = append(checks, spec.Check{Kind: "ping"})
	}
	for _, c := range checks {
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

// A filter on the way says no by ICMP, which over IPv6 is EACCES: the server cannot be reached, and it is not this host that forbids it.
func TestFilteredOnTheWay(t *testing.T) {
	kept(t)
	inNamespace(t, func(run func(string)) {
		router := fmt.Sprintf("probe-%d", os.Getpid())
		run("ip netns add " + router)
		defer run("ip netns del " + router)
		run("ip link add va type veth peer name vb netns " + router + " && ip link set va up && ip addr add 192.0.2.1/24 dev va && ip addr add 2001:db8::1/64 dev va nodad")
		run("ip route add 198.51.100.0/24 via 192.0.2.2 && ip route add 2001:db8:1::/64 via 2001:db8::2")
		run("ip netns exec " + router + " sh -c 'ip link set vb up; ip addr add 192.0.2.2/24 dev vb; ip addr add 2001:db8::2/64 dev vb nodad; " +
			"echo 1 > /proc/sys/net/ipv4/ip_forward; echo 1 > /proc/sys/net/ipv6/conf/all/forwarding; ip route add prohibit 198.51.100.0/24; ip route add prohibit 2001:db8:1::/64'")
		for _, c := range []struct{ kind, to, why string }{
			{"https", "198.51.100.1:443", `connect to .*: no route to host`},
			{"https", "[2001:db8:1::1]:443", `connect to .*: prohibited, by a filter on the way or by a route of this host`},
			{"udp", "[2001:db8:1::1]:53", `wait for a reply of .*: prohibited, by a filter on the way or by a route of this host`},
			{"ping", "198.51.100.1:0", `ping 198\.51\.100\.1: prohibited by a filter, says 192\.0\.2\.2`},
			{"ping", "[2001:db8:1::1]:0", `ping 2001:db8:1::1: prohibited by a filter, says 2001:db8::2`},
		} {
			expect(t, try(t, spec.Check{Kind: c.kind, Addr: netip.MustParseAddrPort(c.to)}), down, c.why)
		}
	})
}
