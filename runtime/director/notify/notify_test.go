package notify

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/lbsync/lbsync/spec"
)

// desk is a notifier whose messages end here.
type desk struct {
	*Notifier
	cancel context.CancelFunc
	ctx    context.Context

	mu   sync.Mutex
	said []string              // subject, state and target
	gate map[string]chan error // by target: who waits for it
	news []string
}

var everything = []string{"master", "backup", "fault", "stop"}

// fleet is a director with two grouped instances and a single one.
func fleet() spec.View {
	block := func(target string, on ...string) []spec.Notify {
		return []spec.Notify{{On: on, Kind: "exec", Target: target}}
	}
	instance := func(name string, n []spec.Notify) spec.Placed[spec.VRRPInstance] {
		return spec.Placed[spec.VRRPInstance]{Def: &spec.VRRPInstance{Name: name, Notify: n}}
	}
	return spec.View{Director: spec.Placed[spec.Director]{Def: &spec.Director{Name: "lb1"}}, Clusters: []spec.Cluster{{
		Instances: []spec.Placed[spec.VRRPInstance]{
			instance("in", block("/in", everything...)), instance("out", nil), instance("web", append(block("/web", everything...), block("/log", "master")...)),
		},
		SyncGroups: []spec.VRRPSyncGroup{{Name: "nat", Instances: []string{"in", "out"}, Notify: block("/nat", "master", "fault")}},
	}}}
}

func open(t *testing.T, path, boot string) *desk {
	d := &desk{gate: map[string]chan error{}}
	d.ctx, d.cancel = context.WithCancel(t.Context())
	d.Notifier = New(path, boot, func(n spec.VRRPNews) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.news = append(d.news, printed(n))
	})
	d.send = func(ctx context.Context, m message, to spec.Notify) error {
		d.mu.Lock()
		d.said = append(d.said, strings.Join([]string{m.subject(), m.State, to.Target}, " "))
		gate := d.gate[to.Target]
		d.mu.Unlock()
		if gate == nil {
			return nil
		}
		select {
		case err := <-gate:
			return err
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	d.Rules(fleet())
	return d
}

func printed(n spec.VRRPNews) string {
	if n.Told == nil {
		return fmt.Sprintf("%d lost %d: %s", n.Event.Serial, n.Lost, n.Why)
	}
	return fmt.Sprintf("%d %s %s: %s", n.Event.Serial, n.Told.Subject, n.Told.Target, n.Told.Result)
}

// end is what a stop of the agent does.
func (d *desk) end() {
	d.cancel()
	d.Wait()
}

// heard is what was told since the last call, whoever came first.
func (d *desk) heard(t *testing.T, want ...string) {
	t.Helper()
	synctest.Wait()
	d.mu.Lock()
	defer d.mu.Unlock()
	slices.Sort(want)
	if slices.Sort(d.said); !slices.Equal(d.said, want) {
		t.Errorf("heard %q, want %q", d.said, want)
	}
	d.said = nil
}

// to is an event that turns an instance.
func to(serial uint64, instance spec.InstanceKey, state spec.VRRPState) spec.VRRPEvent {
	e := spec.VRRPEvent{Serial: serial, Instance: instance, To: state, Priority: 100}
	if instance != "web" {
		e.SyncGroup = "nat"
	}
	return e
}

func bubble(t *testing.T, f func(t *testing.T, path string)) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "notified.json")
	synctest.Test(t, func(t *testing.T) { f(t, path) })
}

func TestWhoIsTold(t *testing.T) {
	bubble(t, func(t *testing.T, path string) {
		d := open(t, path, "boot1")
		defer d.end()
		if got := d.After(0); got != 0 {
			t.Errorf("begins after %d", got)
		}
		d.Take(d.ctx, []spec.VRRPEvent{to(1, "in", spec.VRRPMaster), to(2, "out", spec.VRRPMaster), to(3, "web", spec.VRRPMaster)})
		d.heard(t, "INSTANCE in master /in", "GROUP nat master /nat", "INSTANCE web master /web", "INSTANCE web master /log")
		d.Take(d.ctx, []spec.VRRPEvent{to(4, "out", spec.VRRPFault), to(5, "in", spec.VRRPFault), to(6, "web", spec.VRRPInitialize)})
		d.heard(t, "INSTANCE in fault /in", "GROUP nat fault /nat", "INSTANCE web stop /web")
		// A conflict was won: the master stays, and says so once more.
		d.Take(d.ctx, []spec.VRRPEvent{to(7, "web", spec.VRRPMaster), to(8, "web", spec.VRRPMaster)})
		d.heard(t, "INSTANCE web master /web", "INSTANCE web master /log", "INSTANCE web master /web", "INSTANCE web master /log")
		d.Take(d.ctx, []spec.VRRPEvent{to(9, "gone", spec.VRRPBackup)})
		d.heard(t)
		d.Rules(spec.View{}) // no commit is held
		d.Take(d.ctx, []spec.VRRPEvent{to(10, "web", spec.VRRPBackup)})
		d.heard(t)
	})
}

// Commits are told in their order, to everybody who asks for it, once: also where several blocks name the same program.
func TestCommitsAreTold(t *testing.T) {
	bubble(t, func(t *testing.T, path string) {
		d := open(t, path, "boot1")
		defer d.end()
		v := fleet()
		v.Clusters[0].Notify = []spec.Notify{{On: []string{"refused", "applied"}, Kind: "exec", Target: "/commits"}}
		v.Clusters[0].SyncGroups[0].Notify[0].On = []string{"refused"}
		v.Clusters[0].Instances[0].Def.Notify = []spec.Notify{{On: []string{"refused"}, Kind: "exec", Target: "/commits"}}
		d.Rules(v)
		gate := make(chan error)
		d.mu.Lock()
		d.gate["/commits"] = gate
		d.mu.Unlock()
		d.Notice(d.ctx, spec.Notice{Event: "refused", Commit: spec.Commit{ID: "abcdef0123"}, Why: "no"})
		d.Notice(d.ctx, spec.Notice{Event: "applied", Commit: spec.Commit{ID: "0123456789"}})
		d.Notice(d.ctx, spec.Notice{Event: "drift", Commit: spec.Commit{ID: "0123456789"}})
		d.heard(t, "COMMIT abcdef0 refused /commits")
		gate <- errors.New("exit status 1")
		d.heard(t, "COMMIT abcdef0 refused /nat", "COMMIT 0123456 applied /commits")
		gate <- nil
		d.heard(t)
		if want := []string{"0 COMMIT abcdef0 exec /commits: exit status 1", "0 COMMIT abcdef0 exec /nat: ok", "0 COMMIT 0123456 exec /commits: ok"}; !slices.Equal(d.news, want) {
			t.Errorf("news %q", d.news)
		}
	})
}

// What health checks find is told whichever block asks for it: of a cluster, an instance or a group; in an order of its own.
func TestPoolsAreTold(t *testing.T) {
	bubble(t, func(t *testing.T, path string) {
		d := open(t, path, "boot1")
		defer d.end()
		block := func(target string, on ...string) spec.Notify {
			return spec.Notify{On: on, Kind: "exec", Target: target}
		}
		v := fleet()
		v.Clusters[0].Notify = []spec.Notify{block("/cluster", "quorum")}
		v.Clusters[0].Instances[0].Def.Notify = []spec.Notify{block("/in", "real_server", "master")}
		v.Clusters[0].SyncGroups[0].Notify = []spec.Notify{block("/nat", "quorum", "real_server"), block("/cluster", "quorum")}
		d.Rules(v)
		held := spec.Commit{ID: "0123456789"}
		d.Notice(d.ctx, spec.Notice{Event: "quorum", Commit: held, Object: "tcp 192.0.2.1:80", Is: "down"})
		d.heard(t, "POOL tcp 192.0.2.1:80 quorum /cluster", "POOL tcp 192.0.2.1:80 quorum /nat")
		d.Notice(d.ctx, spec.Notice{Event: "real_server", Commit: held, Object: "tcp 192.0.2.1:80 > 192.0.2.21:80", Is: "up"})
		d.heard(t, "POOL tcp 192.0.2.1:80 > 192.0.2.21:80 real_server /in", "POOL tcp 192.0.2.1:80 > 192.0.2.21:80 real_server /nat")
	})
}

// A program tells a loss from a gain by its arguments, a web service by the body.
func TestMessageOfAPool(t *testing.T) {
	r := rules{director: "lb1", all: []spec.Notify{{On: []string{"quorum"}, Kind: "exec", Target: "/x"}}}
	m := r.notices(spec.Notice{Event: "quorum", Commit: spec.Commit{ID: "0123456789"}, Object: "tcp 192.0.2.1:80", Is: "down", Why: "live real servers weigh 0, quorum is 1"})[0].message
	if got, want := m.args(), []string{"POOL", "tcp 192.0.2.1:80", "QUORUM_DOWN", "0"}; !slices.Equal(got, want) {
		t.Errorf("arguments %q, want %q", got, want)
	}
	if got, want := string(m.line()), "POOL \"tcp 192.0.2.1:80\" QUORUM_DOWN 0\n"; got != want {
		t.Errorf("line %q, want %q", got, want)
	}
	if !slices.Contains(m.env(), "LBSYNC_IS=down") || !slices.Contains(m.env(), "LBSYNC_STATE=quorum") || !slices.Contains(m.env(), "LBSYNC_COMMIT=0123456789") {
		t.Errorf("environment %q", m.env())
	}
	if got := string(m.json()); !strings.Contains(got, `"type":"pool","name":"tcp 192.0.2.1:80","state":"quorum","is":"down"`) || !strings.Contains(got, `"commit":{`) {
		t.Errorf("body %s", got)
	}
}

func TestOneInstanceIsToldInOrderAndHoldsUpNoOther(t *testing.T) {
	bubble(t, func(t *testing.T, path string) {
		d := open(t, path, "boot1")
		defer d.end()
		d.After(0)
		d.gate["/web"] = make(chan error)
		d.Take(d.ctx, []spec.VRRPEvent{to(1, "web", spec.VRRPBackup), to(2, "web", spec.VRRPMaster), to(3, "in", spec.VRRPBackup)})
		d.heard(t, "INSTANCE web backup /web", "INSTANCE in backup /in")
		d.gate["/web"] <- errors.New("exit status 1")
		d.heard(t, "INSTANCE web master /web")
		d.gate["/web"] <- nil
		d.heard(t, "INSTANCE web master /log")
		d.mu.Lock()
		defer d.mu.Unlock()
		want := []string{"3 INSTANCE in exec /in: ok", "1 INSTANCE web exec /web: exit status 1", "2 INSTANCE web exec /web: ok", "2 INSTANCE web exec /log: ok"}
		if !slices.Equal(d.news, want) {
			t.Errorf("reported %q, want %q", d.news, want)
		}
	})
}

func TestTheNextAgentGoesOn(t *testing.T) {
	bubble(t, func(t *testing.T, path string) {
		d := open(t, path, "boot1")
		if got := d.After(5); got != 5 {
			t.Errorf("a first start begins after %d of 5 events", got)
		}
		d.gate["/web"] = make(chan error)
		d.Take(d.ctx, []spec.VRRPEvent{to(6, "in", spec.VRRPMaster), to(7, "web", spec.VRRPMaster), to(8, "out", spec.VRRPMaster)})
		d.heard(t, "INSTANCE in master /in", "GROUP nat master /nat", "INSTANCE web master /web")
		if got := d.After(8); got != 8 {
			t.Errorf("after a break of the line it goes on after %d, want 8", got)
		}
		d.end() // while /web is being told

		d = open(t, path, "boot1")
		if got := d.After(9); got != 6 {
			t.Fatalf("goes on after %d, want 6: 7 was not told", got)
		}
		d.Take(d.ctx, []spec.VRRPEvent{to(7, "web", spec.VRRPMaster), to(8, "out", spec.VRRPMaster)})
		d.heard(t, "INSTANCE web master /web", "INSTANCE web master /log") // the group is master already
		d.end()

		d = open(t, path, "boot2")
		if got := d.After(9); got != 0 {
			t.Errorf("after a boot it goes on after %d: the engine counts anew", got)
		}
		d.Take(d.ctx, []spec.VRRPEvent{to(1, "in", spec.VRRPMaster)})
		d.heard(t, "INSTANCE in master /in", "GROUP nat master /nat")
		if got := d.After(0); got != 0 {
			t.Errorf("an engine that forgot goes on after %d", got)
		}
		d.end()
	})
}

func TestDamagedMarkIsSaid(t *testing.T) {
	bubble(t, func(t *testing.T, path string) {
		if err := os.WriteFile(path, []byte("{"), 0o600); err != nil {
			t.Fatal(err)
		}
		d := open(t, path, "boot1")
		defer d.end()
		if got := d.After(7); got != 7 || len(d.news) != 1 || !strings.HasPrefix(d.news[0], "0 lost 7: which of the engine's 7 events were told is not known: read ") {
			t.Errorf("goes on after %d, says %q", got, d.news)
		}
	})
}

func TestMarkThatCannotBeWrittenIsSaid(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := open(t, "/nonexistent/mark", "boot1")
		defer d.end()
		d.After(3)
		d.Take(d.ctx, []spec.VRRPEvent{to(4, "out", spec.VRRPBackup)})
		if got := d.After(4); got != 4 || len(d.news) != 2 {
			t.Errorf("goes on after %d, says %q", got, d.news)
		}
	})
}

// Who does not listen is no reason to grow without end: the oldest of what waits is dropped, and counted.
func TestFullQueue(t *testing.T) {
	bubble(t, func(t *testing.T, path string) {
		d := open(t, path, "boot1")
		d.After(0)
		d.gate["/in"] = make(chan error)
		var events []spec.VRRPEvent
		for i := range longestQueue + 2 {
			events = append(events, to(uint64(i+1), "in", spec.VRRPBackup))
		}
		d.Take(d.ctx, events)
		if len(d.news) != 2 || !strings.HasPrefix(d.news[0], "2 lost 1: 100 tellings of INSTANCE in wait") || !strings.HasPrefix(d.news[1], "3 lost 1: ") {
			t.Errorf("says %q", d.news)
		}
		d.gate["/in"] <- nil // the first
		synctest.Wait()
		d.end()
		if got := open(t, path, "boot1").After(200); got != 3 {
			t.Errorf("goes on after %d, want 3", got)
		}
	})
}
