package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/runtime/vrrp"
	"github.com/lbsync/lbsync/spec"
)

func openTest(t *testing.T, path string) *page {
	t.Helper()
	p, err := openPage(path)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// What is in the page is there after the process; what was there before a reboot is not.
func TestPageOutlivesProcess(t *testing.T) {
	path := filepath.Join(t.TempDir(), "roles")
	p := openTest(t, path)
	s := p.find("web")
	s.state = uint8(vrrp.Active)
	s.advertised(5 * time.Second)
	r := p.push()
	r.instance.set("web")
	p.publish(r)
	if _, err := openPage(path); err == nil || !strings.Contains(err.Error(), "another engine") {
		t.Errorf("a second engine got %v", err)
	}
	if err := p.close(); err != nil {
		t.Fatal(err)
	}
	p = openTest(t, path)
	if s := p.find("web"); vrrp.State(s.state) != vrrp.Active || !s.fresh(7*time.Second, 2*time.Second) || s.fresh(8*time.Second, 2*time.Second) || s.fresh(4*time.Second, 2*time.Second) {
		t.Errorf("slot is %+v", s)
	}
	if e := p.since(0); len(e.Events) != 1 || e.Events[0].Serial != 1 || e.Events[0].Instance != "web" {
		t.Errorf("events are %+v", e)
	}
	p.mark[20] ^= 1 // another boot
	if err := p.close(); err != nil {
		t.Fatal(err)
	}
	p = openTest(t, path)
	if s := p.find("web"); s.state != 0 || p.newest() != 0 {
		t.Errorf("after a reboot: %+v, %d events", s, p.newest())
	}
	if err := p.close(); err != nil {
		t.Fatal(err)
	}
}

// The ring keeps the newest events and counts what it lost.
func TestRing(t *testing.T) {
	p := openTest(t, filepath.Join(t.TempDir(), "roles"))
	defer p.close()
	for n := range ringSize + 10 {
		r := p.push()
		r.instance.set(fmt.Sprint("i", n+1))
		p.publish(r)
	}
	e := p.since(4)
	if e.Lost != 6 || len(e.Events) != ringSize || e.Events[0].Serial != 11 || e.Events[0].Instance != "i11" {
		t.Errorf("lost %d, have %d from %+v", e.Lost, len(e.Events), e.Events[0])
	}
	if e := p.since(ringSize + 9); e.Lost != 0 || len(e.Events) != 1 {
		t.Errorf("the newest: %+v", e)
	}
	if e := p.since(ringSize + 11); len(e.Events) != ringSize {
		t.Errorf("after a serial of another boot: %d events", len(e.Events))
	}
}

// Slots are found by name, freed when nothing wants them, and none when all are taken.
func TestSlots(t *testing.T) {
	p := openTest(t, filepath.Join(t.TempDir(), "roles"))
	defer p.close()
	for n := range slotsMax {
		if p.find(spec.InstanceKey(fmt.Sprint(n))) == nil {
			t.Fatalf("no slot for %d", n)
		}
	}
	if p.find("more") != nil {
		t.Error("there is a slot too many")
	}
	p.prune(func(i spec.InstanceKey) bool { return i != "7" })
	if s := p.find("more"); s == nil || s != &p.slots[7] {
		t.Error("the freed slot is not used")
	}
}

func TestKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	if k, err := load(path); err != nil || len(k.VRRP.Instances) != 0 {
		t.Errorf("without a file: %+v, %v", k, err)
	}
	want := kept{VRRP: plain(100), Secrets: map[string]string{"s": "x"}, Verdicts: []verdict{{spec.TrackerKey{Instance: "web"}, true}}}
	for range 2 {
		if err := want.save(path); err != nil {
			t.Fatal(err)
		}
	}
	if k, err := load(path); err != nil || k.Secrets["s"] != "x" || len(k.Verdicts) != 1 || k.VRRP.Instances[0] != want.VRRP.Instances[0] {
		t.Errorf("loaded %+v, %v", k, err)
	}
	info, err := os.Stat(path)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file of secrets has mode %v, %v", info.Mode(), err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, cut := range []int{0, 3, len(keptMagic), len(b) / 2, len(b) - 1} {
		if err := os.WriteFile(path, b[:cut], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := load(path); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("cut to %d bytes: %v", cut, err)
		}
	}
}

// A /run that is full is an error at the start, and nothing later: a store that finds no room ends the process.
func TestPageOnFullDisk(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: a tmpfs is mounted")
	}
	dir := t.TempDir()
	if err := unix.Mount("none", dir, "tmpfs", 0, "size=4m"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unix.Unmount(dir, unix.MNT_DETACH) })
	fill := func() {
		for b := make([]byte, 1<<10); os.WriteFile(filepath.Join(dir, "other"), b, 0o600) == nil; {
			b = append(b, b...)
		}
	}
	p := openTest(t, filepath.Join(dir, "roles"))
	fill()
	for range ringSize {
		p.publish(p.push())
	}
	if err := p.close(); err != nil {
		t.Fatal(err)
	}
	if _, err := openPage(filepath.Join(dir, "second")); !errors.Is(err, unix.ENOSPC) || !strings.Contains(err.Error(), "make room") {
		t.Errorf("where there is no room: %v", err)
	}
}

// The serial of a damaged file is no number to count to.
func TestEventsOfDamagedPage(t *testing.T) {
	p := openTest(t, filepath.Join(t.TempDir(), "roles"))
	p.serial = 1 << 60
	if e := p.since(1); len(e.Events) != 0 || e.Lost != 1<<60-1 {
		t.Errorf("events are %d, lost %d", len(e.Events), e.Lost)
	}
	if err := p.close(); err != nil {
		t.Fatal(err)
	}
}
