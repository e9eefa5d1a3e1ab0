package kerneltest_test

import (
	"net/netip"
	"testing"

	"github.com/lbsync/lbsync/runtime/kernel/kerneltest"
	"github.com/lbsync/lbsync/spec"
)

func TestFakeConforms(t *testing.T) {
	kerneltest.Conformance(t, func(t *testing.T) kerneltest.Subject {
		k := kerneltest.New()
		for _, i := range kerneltest.Interfaces {
			k.Interfaces[i.Name] = i
		}
		return k
	})
}

// TestDetached: the fake says of daemons what Linux' does when their interface goes.
func TestDetached(t *testing.T) {
	k := kerneltest.New()
	d := spec.Daemon{SyncID: 7, Interface: "eth0", Group: netip.MustParseAddr("224.0.0.81"), Port: 8848, TTL: 1, MaxLen: 1472}
	if err := k.Apply(t.Context(), []spec.Change{kerneltest.Add(spec.RoleBackup, d)})[0]; err != nil {
		t.Fatal(err)
	}
	eth0 := k.Interfaces["eth0"]
	delete(k.Interfaces, "eth0")
	for _, when := range []string{"gone", "made anew"} {
		st, err := k.ObserveFull(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := st.Daemons.Find(spec.RoleBackup); !got.Value.Detached {
			t.Errorf("interface %s: the daemon is not detached", when)
		}
		k.Interfaces["eth0"] = eth0
	}
	if err := k.Apply(t.Context(), []spec.Change{kerneltest.Edit(spec.RoleBackup, d)})[0]; err != nil {
		t.Fatal(err)
	}
	st, _ := k.ObserveFull(t.Context())
	if got, _ := st.Daemons.Find(spec.RoleBackup); got.Value != d {
		t.Errorf("started anew: %+v", got.Value)
	}
}
