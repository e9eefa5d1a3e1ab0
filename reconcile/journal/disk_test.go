package journal_test

import (
	"errors"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/reconcile/journal/journaltest"
)

func TestRefusedAppendLeavesNothing(t *testing.T) {
	dir, disk := t.TempDir(), &journaltest.Disk{}
	j := open(t, dir, journal.Options{Disk: disk, SegmentSize: 700})
	for range 4 {
		put(t, j, journal.Record{Event: journal.Started})
		head := verify(t, dir).Head
		disk.Refuse(syscall.ENOSPC)
		_, err := j.Append(journal.Record{Event: journal.Intent}, journal.Record{Event: journal.Step})
		if we, ok := errors.AsType[*journal.WriteError](err); !ok || !errors.Is(we, syscall.ENOSPC) {
			t.Fatalf("append on a full disk: %v", err)
		}
		disk.Refuse(nil)
		if r := verify(t, dir); r.Head != head || r.Torn != nil {
			t.Fatalf("after a refusal: %+v, head was %+v", r, head)
		}
		if seq, hash := j.Head(); (journal.Head{Seq: seq, Hash: hash}) != head {
			t.Fatalf("head moved to %d", seq)
		}
	}
	wantSound(t, dir, 4)
}

// An agent that starts while the disk is full, after a crash that tore the tail, starts; the cut is recorded when there is room.
func TestTornTailOnAFullDisk(t *testing.T) {
	dir, disk := t.TempDir(), &journaltest.Disk{}
	fill(t, dir, 2, journal.Options{})
	f, err := os.OpenFile(segment(dir, 1), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.WriteString(`{"v":1,"seq":3`); err != nil {
		t.Fatal(err)
	}
	_ = f.Close()
	disk.Refuse(syscall.ENOSPC)
	j := open(t, dir, journal.Options{Disk: disk})
	if _, err := j.Append(journal.Record{Event: journal.Started}); !errors.Is(err, syscall.ENOSPC) {
		t.Fatalf("append: %v", err)
	}
	disk.Refuse(nil)
	wrote := put(t, j, journal.Record{Event: journal.Started})
	if len(wrote) != 1 || wrote[0].Event != journal.Started || wrote[0].Seq != 4 {
		t.Errorf("wrote %+v", wrote)
	}
	wantSound(t, dir, 4)
	if said := read(t, dir, journal.Filter{Events: []journal.Event{journal.TornTail}}); len(said) != 1 || said[0].Seq != 3 {
		t.Errorf("torn_tail records: %+v", said)
	}
}

func TestAppendDoesNotWaitForever(t *testing.T) {
	dir, disk := t.TempDir(), &journaltest.Disk{}
	synctest.Test(t, func(t *testing.T) {
		j, err := journal.OpenWith(dir, ticking(), journal.Options{Disk: disk})
		if err != nil {
			t.Fatal(err)
		}
		put(t, j, journal.Record{Event: journal.Started})
		release := disk.Hang()
		begin := time.Now()
		for range 2 {
			if _, err := j.Append(journal.Record{Event: journal.Intent}); !errors.Is(err, journal.ErrStuck) {
				t.Fatalf("append on a hanging disk: %v", err)
			}
		}
		if waited := time.Since(begin); waited != 2*journal.DefaultTimeout {
			t.Errorf("waited %s", waited)
		}
		if seq, _ := j.Head(); seq != 1 {
			t.Errorf("head %d while the disk hangs", seq)
		}
		release()
		synctest.Wait()
		if got := put(t, j, journal.Record{Event: journal.Applied}); got[0].Seq != 3 {
			t.Errorf("seq %d, want 3: the first intent was written in the end, the second was never begun", got[0].Seq)
		}
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
	})
	wantSound(t, dir, 3)
}

func TestFullFileSystem(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("needs root: mounts a small tmpfs")
	}
	dir := t.TempDir()
	if err := syscall.Mount("none", dir, "tmpfs", 0, "size=64k"); errors.Is(err, syscall.EPERM) {
		t.Skip("needs CAP_SYS_ADMIN: mounts a small tmpfs")
	} else if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = syscall.Unmount(dir, syscall.MNT_DETACH) })
	ballast := filepath.Join(dir, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 16<<10), 0o600); err != nil {
		t.Fatal(err)
	}
	j := open(t, dir, journal.Options{SegmentSize: 8 << 10})
	n := fillUp(t, j)
	wantSound(t, dir, n)
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	put(t, j, journal.Record{Event: journal.Applied})
	wantSound(t, dir, n+1)
}

// fillUp appends until the disk is full and says how many records it took.
func fillUp(t *testing.T, j *journal.Journal) (n uint64) {
	t.Helper()
	for n < 10_000 {
		_, err := j.Append(journal.Record{Event: journal.Step}, journal.Record{Event: journal.Step})
		if errors.Is(err, syscall.ENOSPC) {
			return n
		}
		if err != nil {
			t.Fatal(err)
		}
		n += 2
	}
	t.Fatal("the disk never was full")
	return 0
}
