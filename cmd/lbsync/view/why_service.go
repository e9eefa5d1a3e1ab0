package view

import (
	"time"

	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
)

// HasService says whether a service is live or wanted.
func (k Known) HasService(key spec.ServiceKey) bool {
	_, live := k.Snapshot.Live.Services.Find(key)
	_, want := wanted(k.Snapshot).Services.Find(key)
	return live || want
}

// WhyService says why a service is as it is, and which of its real servers are not as git has them.
func WhyService(k Known, key spec.ServiceKey, records []journal.Record, now time.Time) WhyObject {
	s := k.Snapshot
	w := WhyObject{Kind: key.Kind(), Key: key.String(), Declared: []spec.Attr{}, Live: []spec.Attr{}, Because: []Cause{}, Checks: []CheckRow{}, Records: records}
	live, there := s.Live.Services.Find(key)
	want, in := wanted(s).Services.Find(key)
	if in {
		w.declared(want.Pos, &want.Value, s.Applied)
	}
	if there {
		w.Live = set(live.Value.Attrs())
	}
	w.suspended(k.Status)
	if h := k.Status.Health; h != nil {
		for _, x := range h.Services {
			if x.Key == key && x.Lost {
				w.cause("quorum", Red, quorumText(x))
			}
		}
		w.Because = append(w.Because, brakes(h, key)...)
	}
	switch {
	case there && in:
		w.drifted(live.Value, want.Value)
	case there:
		w.cause("drift", Dim, "git does not declare it")
	case in:
		w.cause("drift", Red, "it is wanted, and the kernel has it not")
	}
	for _, r := range NewRealServers(s, spec.Stats{}, k.Status.Health, now).RealServers {
		if r.key.Service == key {
			w.member(r, k.Status.Health, now)
		}
	}
	return w
}

var marked = map[Mark]string{IsDrifted: "changed outside git", IsMissing: "wanted, and the kernel has it not", IsForeign: "git does not declare it"}

// member is one real server that is not as git has it.
func (w *WhyObject) member(r RealServerRow, h *spec.HealthStatus, now time.Time) {
	for _, c := range r.causes(h, r.key, now) {
		if c.By != "brake" {
			w.cause(c.By, c.style, "real server "+r.Address+": "+c.Text)
		}
	}
	if how, ok := marked[r.Mark]; ok {
		w.cause("drift", Magenta, "real server "+r.Address+": "+how)
	}
}
