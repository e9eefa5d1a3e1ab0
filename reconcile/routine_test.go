package reconcile_test

import (
	"slices"
	"testing"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

// routineView is lb1, in one cluster with lb2 for each pair of least pause and share.
func routineView(paces ...spec.ConnectionSync) spec.View {
	v := spec.View{Director: spec.Placed[spec.Director]{Def: &spec.Director{Name: "lb1"}}}
	for i := range paces {
		v.Clusters = append(v.Clusters, spec.Cluster{Name: "web", Directors: []string{"lb1", "lb2"}, Sync: &paces[i],
			Instances: []spec.Placed[spec.VRRPInstance]{{Def: &spec.VRRPInstance{Name: "web"}}}})
	}
	return v
}

func TestRoutine(t *testing.T) {
	now := time.Unix(1000, 0)
	daemon := spec.Daemon{SyncID: 11, Interface: "eth0", Port: 8848}
	usual := spec.ConnectionSync{Resync: 10 * time.Second, Share: 2}
	const none, off = "no routine", "off"
	large := "the connection table is too large to be read"
	for name, c := range map[string]struct {
		paces []spec.ConnectionSync
		alter func(f *spec.Facts, last *spec.Resynced)
		first bool          // none was made yet
		next  time.Duration // after the last; 0: now
		off   string
	}{
		"the least pause":                        {paces: []spec.ConnectionSync{usual}, next: 10 * time.Second},
		"fifty times the last":                   {paces: []spec.ConnectionSync{usual}, alter: busy(time.Second), next: 50 * time.Second},
		"over":                                   {paces: []spec.ConnectionSync{usual}, alter: func(f *spec.Facts, _ *spec.Resynced) { f.Now = now.Add(10 * time.Second) }},
		"none was made yet":                      {paces: []spec.ConnectionSync{usual}, first: true},
		"switched off":                           {paces: []spec.ConnectionSync{{Share: 2}}, off: `connection_sync has resync = "0s"`},
		"of two clusters the shorter":            {paces: []spec.ConnectionSync{usual, {Resync: 5 * time.Second, Share: 50}}, next: 5 * time.Second},
		"of two clusters the smaller share":      {paces: []spec.ConnectionSync{usual, {Resync: 5 * time.Second, Share: 1}}, alter: busy(time.Second), next: 100 * time.Second},
		"one cluster has none":                   {paces: []spec.ConnectionSync{usual, {Share: 2}}, next: 10 * time.Second},
		"backup":                                 {paces: []spec.ConnectionSync{usual}, alter: func(f *spec.Facts, _ *spec.Resynced) { f.Roles["web"] = spec.RoleBackup }, off: none},
		"nobody hears":                           {paces: []spec.ConnectionSync{usual}, alter: func(f *spec.Facts, _ *spec.Resynced) { f.Peers["lb2"].Report.Daemons[0].Value.SyncID = 12 }, off: off},
		"the backup's agent is away":             {paces: []spec.ConnectionSync{usual}, alter: func(f *spec.Facts, _ *spec.Resynced) { f.Now = now.Add(time.Minute); mute(f) }},
		"the table is too large":                 {paces: []spec.ConnectionSync{usual}, alter: func(_ *spec.Facts, last *spec.Resynced) { last.Connections, last.Partial = 0, large }, next: 10 * time.Minute, off: large},
		"the table was larger than it was taken": {paces: []spec.ConnectionSync{usual}, alter: func(_ *spec.Facts, last *spec.Resynced) { last.Busy, last.Partial = time.Minute, large }, next: 50 * time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			f := spec.Facts{
				Now: now.Add(time.Second), Roles: map[string]spec.Role{"web": spec.RoleMaster},
				Daemons: spec.Rows[spec.Role, spec.Daemon]{{Key: spec.RoleMaster, Value: daemon}},
				Peers: map[string]spec.PeerFact{"lb2": {Report: &spec.PeerReport{Receiver: "a.1",
					Daemons: spec.Rows[spec.Role, spec.Daemon]{{Key: spec.RoleBackup, Value: daemon}}}}},
			}
			last := &spec.Resynced{Connections: 100, Took: time.Hour, Busy: 100 * time.Millisecond, At: now}
			if c.alter != nil {
				c.alter(&f, last)
			}
			if c.first {
				last = nil
			}
			to, r := reconcile.Routine(routineView(c.paces...), f, last)
			switch {
			case c.off == none:
				if r != nil || to != nil {
					t.Errorf("to %v, %+v; want no routine", to, r)
				}
			case c.off == off:
				if r == nil || r.Off == "" || !r.Next.IsZero() || to != nil {
					t.Errorf("to %v, %+v; want it off", to, r)
				}
			case c.next > 0:
				if to != nil || !r.Next.Equal(now.Add(c.next)) || r.Off != c.off {
					t.Errorf("to %v, %+v; want it %v after the last, off %q", to, r, c.next, c.off)
				}
			case c.off != "":
				if to != nil || r.Off != c.off {
					t.Errorf("to %v, %+v; want it off: %q", to, r, c.off)
				}
			default:
				want := []string{"lb2"}
				if !f.Peers["lb2"].Answers() {
					want = []string{}
				}
				if to == nil || !slices.Equal(to, want) {
					t.Errorf("to %v, %+v; want it now, to %v", to, r, want)
				}
			}
		})
	}
}

func busy(d time.Duration) func(*spec.Facts, *spec.Resynced) {
	return func(_ *spec.Facts, last *spec.Resynced) { last.Busy = d }
}

// mute has lb2 fall silent.
func mute(f *spec.Facts) {
	p := f.Peers["lb2"]
	p.Silent = f.Now
	f.Peers["lb2"] = p
}
