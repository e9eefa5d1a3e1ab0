package engine

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/spec"
)

func following(v spec.VRRP) spec.VRRP {
	v.Follow = spec.Rows[spec.FollowSyncKey, spec.FollowSync]{{Key: "web", Value: spec.FollowSync{Daemon: spec.Daemon{SyncID: 7, Interface: "eth0"}}}}
	return v
}

// The daemon that a role needs is there before the addresses move, and the other one goes after.
func TestSyncRoleFollows(t *testing.T) {
	k, f, h := onFake(t, following(plain(100)))
	k.release(h)
	if got := f.log(); got != "start daemon backup" {
		t.Errorf("as backup: %s", got)
	}
	k.acquire(h, 0)
	if got := f.log(); got != "start daemon master; add 10.9.0.100/24; stop daemon backup" {
		t.Errorf("becoming master: %s", got)
	}
	k.release(h)
	if got := f.log(); got != "start daemon backup; remove 10.9.0.100/24; stop daemon master" {
		t.Errorf("becoming backup: %s", got)
	}
}

// While the syncid of the cluster changes, the daemon of a backup accepts every sender, and that of a master has its own id.
func TestSyncRoleIsOpenAsBackup(t *testing.T) {
	v := following(plain(100))
	v.Follow[0].Value.Open = true
	k, f, h := onFake(t, v)
	k.tend()
	if d := f.daemon[spec.RoleBackup]; d.SyncID != 0 || d.Interface == "" {
		t.Errorf("the daemon of the backup is %+v", d)
	}
	k.acquire(h, 0)
	if d := f.daemon[spec.RoleMaster]; d != h.daemon.Daemon || d.SyncID == 0 {
		t.Errorf("the daemon of the master is %+v", d)
	}
	f.log()
	k.tend()
	if got := f.log(); strings.Contains(got, "daemon") {
		t.Errorf("what is as it should be was done again: %s", got)
	}
}

// A daemon that is gone, has other settings or lost its interface is put right; what cannot be is a problem until it can.
func TestSyncRoleIsRepaired(t *testing.T) {
	k, f, h := onFake(t, following(plain(100)))
	k.acquire(h, 0)
	f.log()
	for name, breakIt := range map[string]func(){
		"stopped":  func() { delete(f.daemon, spec.RoleMaster) },
		"detached": func() { d := f.daemon[spec.RoleMaster]; d.Detached = true; f.daemon[spec.RoleMaster] = d },
		"other id": func() { f.daemon[spec.RoleMaster] = spec.Daemon{SyncID: 8, Interface: "eth0"} },
	} {
		breakIt()
		k.tend()
		f.log()
		if f.daemon[spec.RoleMaster] != h.daemon.Daemon {
			t.Errorf("%s: the daemon is %+v", name, f.daemon[spec.RoleMaster])
		}
	}
	delete(f.daemon, spec.RoleMaster)
	f.fails["start daemon master"] = unix.ENODEV
	k.tend()
	if got := k.show("web").problems; !slices.Equal(got, []string{"web: start sync daemon master: no such device"}) {
		t.Errorf("problems are %q", got)
	}
	delete(f.fails, "start daemon master")
	k.tend()
	if got := k.show("web").problems; len(got) != 0 {
		t.Errorf("problems are %q", got)
	}
}

// An address that cannot be added does not keep the others away, is told, and is tried again.
func TestAddressFails(t *testing.T) {
	k, f, h := onFake(t, with(plain(100), "web", "10.9.0.101/24", "10.9.0.102/24"))
	f.fails["add 10.9.0.101/24"] = unix.ENOMEM
	k.acquire(h, 0)
	if s := k.show("web"); s.held != 2 || len(s.problems) != 1 || s.problems[0] != "web: cannot allocate memory" {
		t.Errorf("shown is %+v", s)
	}
	delete(f.fails, "add 10.9.0.101/24")
	k.tend()
	if s := k.show("web"); s.held != 3 || len(s.problems) != 0 {
		t.Errorf("shown is %+v", s)
	}
	f.fails["remove 10.9.0.101/24"] = unix.ENOMEM
	k.release(h)
	if s := k.show("web"); s.held != 1 {
		t.Errorf("shown is %+v", s)
	}
	delete(f.fails, "remove 10.9.0.101/24")
	k.tend()
	if s := k.show("web"); s.held != 0 || len(f.live) != 0 {
		t.Errorf("shown is %+v, live is %v", s, f.live)
	}
}

// What is there and not known to be ours is left alone, also when the kernel cannot be asked.
func TestForeignIsNotTaken(t *testing.T) {
	for _, list := range []error{nil, unix.ENOBUFS} {
		k, f, h := onFake(t, plain(100))
		vip := netip.MustParsePrefix("10.9.0.100/24")
		f.live[vip], f.fails["list"] = 0, list
		k.acquire(h, 0)
		k.release(h)
		if _, there := f.live[vip]; !there {
			t.Errorf("with %v the foreign address was removed: %s", list, f.log())
		}
	}
}

// A newer order ends the work on an older one.
func TestRevokedOrder(t *testing.T) {
	k, f, h := onFake(t, plain(100))
	k.orders.give(h, release, 0)
	k.acquire(h, 0)
	if got := f.log(); got != "" {
		t.Errorf("the revoked acquisition did %s", got)
	}
	k.orders.give(h, acquire, 3)
	k.orders.give(h, release, 0)
	if to, o := k.orders.take(); to != h || o.role != release || o.announce != 0 {
		t.Errorf("the order is %+v", o)
	}
	if to, _ := k.orders.take(); to != nil {
		t.Error("there is another order")
	}
}

// V59: nothing is announced before its address and its virtual MAC are there.
func TestV59AnnounceAfterAddress(t *testing.T) {
	k, f, h := onFake(t, plain(100, vmac51))
	k.orders.give(h, acquire, 0)
	k.orders.give(h, asIs, 2)
	k.work()
	if got := f.log(); got != "set 3 up true; add 10.9.0.100/24" {
		t.Errorf("done is %s", got)
	}
	for range 2 {
		k.herald.pump(time.Now())
	}
	if !slices.Equal(f.bursts, []int{1, 1}) {
		t.Errorf("bursts are %v", f.bursts)
	}
	k.release(h)
	if got := f.log(); got != "remove 10.9.0.100/24; set 3 up false" {
		t.Errorf("done is %s", got)
	}
}

// A full queue delays a burst, a frame that cannot leave is passed over, and nothing is sent twice.
func TestBurstGoesOn(t *testing.T) {
	k, f, h := onFake(t, with(plain(100), "web", "10.9.0.101/24", "10.9.0.102/24", "10.9.0.103/24"))
	k.acquire(h, 0)
	f.refused = []error{unix.ENOBUFS, unix.ENXIO}
	k.announce(h, 1)
	now := time.Now()
	if wait, _ := k.herald.pump(now); wait != again {
		t.Errorf("after ENOBUFS it waits %s", wait)
	}
	k.herald.pump(now.Add(again)) // the third cannot leave: only the fourth is left
	if !slices.Equal(f.bursts, []int{4, 2}) {
		t.Errorf("bursts are %v", f.bursts)
	}
	if len(k.herald.bursts) != 0 {
		t.Errorf("%d frames are left over", len(k.herald.bursts[0].frames)-k.herald.bursts[0].sent)
	}
}

// With an interval between frames each goes by itself.
func TestBurstPaced(t *testing.T) {
	k, f, h := onFake(t, with(plain(100, func(i *spec.Instance) { i.Announce.Interval = time.Hour }), "web", "10.9.0.101/24"))
	k.acquire(h, 0)
	k.announce(h, 2)
	now := time.Now().Add(time.Minute)
	for n, left := range []int{2, 2, 1, 1} { // the first round, and what is repeated
		if len(f.bursts) != n || len(k.herald.bursts) != left {
			t.Fatalf("after %d frames: %v, %d bursts left", n, f.bursts, len(k.herald.bursts))
		}
		k.herald.pump(now)
		k.herald.pump(now.Add(58 * time.Minute))
		now = now.Add(time.Hour)
	}
	if len(f.bursts) != 4 || len(k.herald.bursts) != 0 {
		t.Errorf("bursts are %v", f.bursts)
	}
}

// V57 and others of keepalived's options end with the role: nothing is announced by a backup.
func TestBackupIsSilent(t *testing.T) {
	k, f, h := onFake(t, plain(100))
	k.announce(h, 5)
	k.acquire(h, 0)
	k.announce(h, 5)
	k.release(h)
	k.herald.pump(time.Now())
	if len(f.bursts) != 0 {
		t.Errorf("bursts are %v", f.bursts)
	}
}
