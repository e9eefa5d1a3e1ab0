package kernel_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/runtime/kernel/kerneltest"
	"github.com/lbsync/lbsync/spec"
)

// Master and backup run side by side for a moment at each transition.
func TestSyncDaemonsByRole(t *testing.T) {
	r := open(t)
	ctx := context.Background()
	want := spec.Daemon{SyncID: 7, Interface: "", Group: addr("224.0.0.81"), Port: 8848, TTL: 1, MaxLen: 1400}
	down := want
	for _, i := range kerneltest.Interfaces {
		if i.IPv4 && i.Up && want.Interface == "" && i.MTU >= 1500 {
			want.Interface = i.Name
		}
		if !i.Up {
			down.Interface = i.Name
		}
	}
	if err := r.StopDaemon(ctx, spec.RoleMaster); !errors.Is(err, unix.ESRCH) || !strings.HasPrefix(err.Error(), "stop master sync daemon") {
		t.Errorf("stopped without one: %v", err)
	}
	if err := r.StartDaemon(ctx, spec.RoleMaster, down); err == nil || !strings.Contains(err.Error(), "is down") {
		t.Errorf("started on an interface that is down: %v", err)
	}
	check(t, r.StartDaemon(ctx, spec.RoleBackup, want))
	check(t, r.StartDaemon(ctx, spec.RoleMaster, want))
	if err := r.StartDaemon(ctx, spec.RoleMaster, want); !errors.Is(err, unix.EEXIST) {
		t.Errorf("started twice: %v", err)
	}
	got, err := r.Daemons(ctx)
	if both := (spec.Rows[spec.Role, spec.Daemon]{{Key: spec.RoleMaster, Value: want}, {Key: spec.RoleBackup, Value: want}}); err != nil || !sameDaemons(got, both) {
		t.Errorf("running %+v, %v", got, err)
	}
	check(t, r.StopDaemon(ctx, spec.RoleBackup))
	if got, err := r.Daemons(ctx); err != nil || !sameDaemons(got, spec.Rows[spec.Role, spec.Daemon]{{Key: spec.RoleMaster, Value: want}}) {
		t.Errorf("running %+v, %v; want the master alone", got, err)
	}
	check(t, r.StopDaemon(ctx, spec.RoleMaster))
}

func sameDaemons(a, b spec.Rows[spec.Role, spec.Daemon]) bool {
	a.Sort()
	b.Sort()
	return slices.Equal(a, b)
}
