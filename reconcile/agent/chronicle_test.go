package agent

import (
	"slices"
	"testing"

	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
)

// slowDisk is a journal on a disk that takes its time over the records of health.
type slowDisk struct {
	Journal
	free chan struct{}
}

func (s slowDisk) Append(recs ...journal.Record) ([]journal.Record, error) {
	if slices.ContainsFunc(recs, func(r journal.Record) bool { return r.Event == journal.Health }) {
		<-s.free
	}
	return s.Journal.Append(recs...)
}

// No verdict waits for the record of the one before, and none is lost from the journal.
func TestVerdictsDoNotWaitForTheDisk(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		disk := slowDisk{free: make(chan struct{})}
		r.wrap = func(j Journal) Journal { disk.Journal = j; return disk }
		r.repo.commit("a", "", "pool checked\n80 wrr 21=1 22=1 23=1")
		r.start()
		r.check("21", spec.CheckDown)
		r.holds("80 wrr 22=1 23=1")
		r.pass(recordHealthEvery)
		r.check("22", spec.CheckDown)
		r.holds("80 wrr 23=1")
		if got := r.healthRecords(); len(got) != 0 {
			t.Fatalf("recorded on a disk that does not answer: %q", got)
		}
		close(disk.free)
		r.pass(0)
		r.end()
		if got := r.healthRecords(); len(got) != 2 {
			t.Errorf("%q", got)
		}
	})
}

// That a brake came on is recorded, however many real servers failed with it.
func TestBrakeIsRecordedInAStorm(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		r.repo.commit("a", "", "brake service=50\npool checked\n80 wrr 21=1 22=1 23=1 24=1")
		r.start()
		for range 2 * mostRecorded {
			r.check("21", spec.CheckDown)
			r.check("21", spec.CheckUp)
		}
		for _, host := range []string{"21", "22", "23", "24"} {
			r.check(host, spec.CheckDown)
		}
		r.pass(recordHealthEvery)
		if !slices.ContainsFunc(r.records(), func(rec journal.Record) bool { return rec.Event == journal.Brake && rec.After == "brake=on" }) {
			t.Error(r.healthRecords())
		}
		r.end()
	})
}
