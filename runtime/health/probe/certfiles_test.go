package probe

import (
	"context"
	"net/netip"
	"os"
	"runtime"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// A certificate file that hangs is this host's fault, for no longer than the probe may take, and one call, however many checks want it.
// A server that took all the time is not taken for that.
func TestCertificatesThatHang(t *testing.T) {
	kept(t)
	c := spec.Check{Kind: "https", Addr: closedPort(t), Settings: settings("ca_file", "/nfs/ca.pem"), Timeout: soon}
	back, calls := make(chan struct{}), make(chan struct{}, 9)
	files := newTrust(c).files
	files.now.Do = func() (*certs, error) { calls <- struct{}{}; <-back; return nil, os.ErrNotExist }
	for range 3 {
		late, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		_, r := newTrust(c).handshake(late, c, nil)
		expect(t, r, aside, `read certificates: hangs since 20.*Z; does a network file system not answer\?`)
		cancel()
	}
	if len(calls) != 1 {
		t.Errorf("%d calls hang, want 1", len(calls))
	}
	close(back)

	late, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := newTrust(spec.Check{Kind: "https"}).config(late); err != nil {
		t.Errorf("no time left: %v", err)
	}
}

// What can be the same for all checks with the same files is read once, and kept as long as there is one.
func TestCertificatesAreShared(t *testing.T) {
	kept(t)
	a := newAuthority(t, "Test CA")
	one, other := newTrust(https(netip.MustParseAddrPort("192.0.2.1:443"), a)), newTrust(https(netip.MustParseAddrPort("192.0.2.2:443"), a))
	first, err := one.config(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	second, err := other.config(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if first.RootCAs != second.RootCAs || first.ServerName == second.ServerName || first.ClientSessionCache == second.ClientSessionCache {
		t.Errorf("%+v and %+v", first, second)
	}
	paths := one.files.certPaths
	known := func() bool {
		certTable.Lock()
		defer certTable.Unlock()
		_, is := certTable.of[paths]
		return is
	}
	if !known() {
		t.Error("files that are used are forgotten")
	}
	runtime.KeepAlive(one)
	runtime.KeepAlive(other)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for known() {
		runtime.GC()
		<-tick.C
	}
}
