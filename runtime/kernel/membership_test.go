package kernel_test

import (
	"net/netip"
	"testing"

	"github.com/lbsync/lbsync/runtime/kernel/kerneltest"
	"github.com/lbsync/lbsync/spec"
)

// TestDetached: a daemon whose interface was deleted is not reported as a running one, also when there is a new interface of that
// name, and starting it anew makes it one.
func TestDetached(t *testing.T) {
	for _, group := range []string{"239.7.7.7", "ff05::77"} {
		t.Run(group, func(t *testing.T) {
			k := open(t)
			d := spec.Daemon{SyncID: 7, Interface: "abcdefghijklm.7", Group: netip.MustParseAddr(group), Port: 8848, TTL: 1, MaxLen: 1400}
			make := "link add " + d.Interface + " type dummy\nlink set " + d.Interface + " up\n" +
				"addr add 10.78.0.1/24 dev " + d.Interface + "\naddr add fd78::1/64 dev " + d.Interface + " nodad\n"
			ip := func(batch string) { run(t, batch, "ip", "-n", k.ns, "-batch", "-") }
			check := func(when string, want bool) {
				t.Helper()
				st, err := k.ObserveFull(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				for _, r := range st.Daemons {
					if r.Value.Detached != want {
						t.Errorf("%s: the %s daemon is detached: %v", when, r.Key, r.Value.Detached)
					}
				}
				if len(st.Daemons) != 2 {
					t.Errorf("%s: %d daemons run", when, len(st.Daemons))
				}
			}
			ip(make)
			apply(t, k, kerneltest.Add(spec.RoleBackup, d), kerneltest.Add(spec.RoleMaster, d))
			check("at first", false)
			ip("link del " + d.Interface + "\n")
			check("without interface", true)
			ip(make)
			check("with a new interface", true)
			apply(t, k, kerneltest.Edit(spec.RoleBackup, d), kerneltest.Edit(spec.RoleMaster, d))
			check("started anew", false)
		})
	}
}
