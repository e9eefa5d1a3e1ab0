package agent

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/reconcile/pool"
	"github.com/lbsync/lbsync/spec"
)

// The changes of health are recorded at a bounded rate: in one record a second what is more than mostRecorded.
const (
	recordHealthEvery = time.Second
	mostRecorded      = 100
	mostUntold        = 10_000 // that are kept while a disk does not write
)

// health is what the agent knows of its pools.
type health struct {
	pools   *pool.Pools
	shut    []uint32    // firewall marks of private services without which checks are not run
	untold  []pool.News // not recorded yet
	unkept  int         // nor kept
	stale   bool        // shown is not of now
	told    time.Time   // when the last was recorded, and shown was of now
	shown   *spec.HealthStatus
	unknown spec.Unjudged // of the trial, as of shown
	writing bool          // of what is told: beside the loop, since a verdict does not wait for a disk
	written chan written
}

// show has status show the pools as they are: going through all of them is not for each verdict.
func (a *Agent) show() {
	if a.pools == nil {
		return
	}
	s := a.pools.Status(time.Now())
	a.shown = &s
	if t := a.held.Trial; t != nil {
		a.unknown = a.unjudged(t)
	}
}

// chronicle records what happened to the pools, and has it shown: at once, or when the last record is a second old.
func (a *Agent) chronicle() {
	if a.pools != nil {
		a.untold = append(a.untold, a.pools.News()...)
		if more := len(a.untold) - mostUntold; more > 0 {
			a.untold, a.unkept = a.untold[:mostUntold], a.unkept+more
		}
	}
	if len(a.untold) == 0 && !a.stale {
		return
	}
	if a.writing {
		return // its end goes on
	}
	if at := a.told.Add(recordHealthEvery); time.Now().Before(at) {
		a.agenda.sooner(recording, at)
		return
	}
	a.recordHealth()
}

// keepBrakes keeps which brakes are on: a restart does not let them go.
func (a *Agent) keepBrakes() {
	if a.pools == nil {
		return
	}
	if on := a.pools.On(); !maps.Equal(on, a.held.Brakes) {
		a.held.Brakes = on
		a.keep()
	}
}

// recordHealth writes it to the journal.
func (a *Agent) recordHealth() {
	a.keepBrakes()
	recs := a.tellHealth()
	if len(recs) == 0 {
		return
	}
	w := a.sign(recs)
	a.writing = true
	go func() {
		_, w.err = a.journal.Append(recs...)
		a.written <- w
	}()
}

// wrote goes on when what was told is written.
func (a *Agent) wrote(w written) {
	a.writing = false
	_ = a.recorded(w)
	a.chronicle()
}

// tellHealth shows what happened to the pools, notifies those who are to hear of it, and gives it as records.
func (a *Agent) tellHealth() []journal.Record {
	news, unkept := a.untold, a.unkept
	a.untold, a.unkept, a.stale, a.told = nil, 0, false, time.Now()
	a.show()
	a.noticeHealth(news)
	// That a brake came on goes before the many failures for which it did.
	slices.SortStableFunc(news, func(x, y pool.News) int { return rank(x) - rank(y) })
	var recs []journal.Record
	for _, n := range news[:min(len(news), mostRecorded)] {
		recs = append(recs, of(a.held.Commit, healthRecord(n)))
	}
	if more := len(news) + unkept - mostRecorded; more > 0 {
		recs = append(recs, of(a.held.Commit, journal.Record{Event: journal.Health, Actor: self, Changes: more, Result: fmt.Sprintf("%d more changes", more)}))
	}
	return recs
}

// rank is the order in which news are recorded, where there are more than may be.
func rank(n pool.News) int { return slices.Index([]string{"brake", "quorum", "real_server"}, n.What) }

// healthEvents are the events of the journal by what the news are about.
var healthEvents = map[string]journal.Event{"real_server": journal.Health, "quorum": journal.Quorum, "brake": journal.Brake}

func healthRecord(n pool.News) journal.Record {
	r := journal.Record{Event: healthEvents[n.What], Actor: self, After: n.What + "=" + n.State, Result: n.Why}
	if n.Key != nil {
		r.Kind, r.Key = n.Key.Kind(), n.Key.String()
	}
	return r
}

// noticeHealth tells those who are to hear of real servers and quorums; what happens together to many real servers is one notice.
func (a *Agent) noticeHealth(news []pool.News) {
	if a.parts.Notice == nil {
		return
	}
	servers := map[string][]pool.News{}
	for _, n := range news {
		switch n.What {
		case "real_server":
			servers[n.State] = append(servers[n.State], n)
		case "quorum":
			a.noticeOf(n, 0)
		}
	}
	for _, state := range []string{"down", "up"} {
		if all := servers[state]; len(all) > 0 {
			a.noticeOf(all[0], len(all)-1)
		}
	}
}

func (a *Agent) noticeOf(n pool.News, more int) {
	why := healthText(n)
	if more > 0 {
		why += fmt.Sprintf(" and %d more", more)
	}
	a.parts.Notice(spec.Notice{Event: n.What, Commit: a.held.Commit, Object: n.Key.String(), Is: n.State, Why: why, Time: time.Now()})
}

func healthText(n pool.News) string {
	s := fmt.Sprintf("%s is %s", n.Key, n.State)
	if n.Why != "" {
		s += ": " + n.Why
	}
	return s
}

// healthStatus is what was shown last, with the drains of now; nil where there is nothing to say.
func (a *Agent) healthStatus() *spec.HealthStatus {
	if a.pools == nil || !a.pools.Any() && len(a.held.Drains) == 0 {
		return nil
	}
	s := *a.shown
	s.Drains = a.held.Drains
	return &s
}
