package agent

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

// Exchange is the channel to the other directors. Its methods may be called at any time.
type Exchange interface {
	// Trust says who takes part: the directors and operators of the views.
	Trust(views ...spec.View)
	// Tell is what this director says of itself from now on.
	Tell(spec.PeerReport)
	// Facts are what is known of the directors of whose clusters each declares an endpoint and a key.
	Facts() map[string]spec.PeerFact
	Changed() <-chan struct{}
	// Sample asks a director for a sample of its connections.
	Sample(ctx context.Context, director string) (spec.ConnSample, error)
	// Report is how it goes, for status; nil when there are no others.
	Report() *spec.ChannelStatus
}

// Sync is connection sync from user space. Its methods may be called at any time.
type Sync interface {
	Watch(...spec.Daemon)
	// Speakers are the sync masters that are heard.
	Speakers() []spec.SyncSpeaker
	Changed() <-chan struct{}
	// Resync sends all connections of this director as a daemon would.
	Resync(context.Context, spec.Daemon) (spec.Resynced, error)
	// Parting is the same for once a role is given away: what is directed here when it is called is sent then.
	Parting(spec.Daemon) func(context.Context) (spec.Resynced, error)
	// Cover says how much of what a master sent a backup holds.
	Cover(master, backup spec.ConnSample) spec.Coverage
}

// company is what the agent knows and says in the exchange.
type company struct {
	turn         spec.Turn
	wishes       uint64             // serial of the newest wish
	still        []spec.InstanceKey // instances of which something waits
	backlog      int                // changes of the commit that is held, or awaited, and that wait
	begins       bool               // what the gate let pass last needs the turn
	receiver     receiver
	sources      []netip.Addr             // of this host, as last read
	covered      map[string]spec.Coverage // by director
	resync       resync
	hints        map[string]string // by director: the commit for which the repository was asked
	hintedAt     time.Time
	pending      *candidate // accepted, and waiting for the others or the end of a freeze
	awaited      []spec.Hold
	pendingSince time.Time
	lasting      bool                              // it runs until it is told to stop: what is not heard yet may be waited for
	contradicted contradiction                     // the refusal that stands for another director's sake
	digests      map[string]map[string]spec.Digest // renderings, by commit and cluster
}

// facts are those of now.
func (a *Agent) facts() spec.Facts {
	peers, earlier := reconcile.Apart(a.parts.Exchange.Facts(), a.views()...)
	_, live := a.states.Beside()
	f := spec.Facts{
		Now: time.Now(), Roles: a.parts.VRRP.Roles(), Daemons: live.Daemons, Receiver: a.receiver.id(), Boost: time.Now().Before(a.resync.boost), Peers: peers, Earlier: earlier,
		Overrides: slices.Concat(a.held.Overrides, a.heard(peers)), Drains: a.held.Drains,
	}
	if a.pools != nil {
		f.Pools, f.Shift = a.pools.Facts()
	}
	if goal, ok := a.goal(); ok && a.held.Released == goal.ID {
		f.Released = goal.ID
	}
	reports := []spec.PeerReport{{Sources: a.sources}}
	for _, name := range sortedNames(peers) {
		if r := peers[name].Report; r != nil {
			reports = append(reports, *r)
		}
	}
	f.Strangers = reconcile.Strangers(a.parts.Sync.Speakers(), reports)
	return f
}

// mates are what is known of the others of this director's clusters.
func (a *Agent) mates() map[string]spec.PeerFact {
	mates, _ := reconcile.Apart(a.parts.Exchange.Facts(), a.views()...)
	return mates
}

func sortedNames(peers map[string]spec.PeerFact) []string {
	out := make([]string, 0, len(peers))
	for name := range peers {
		out = append(out, name)
	}
	slices.Sort(out)
	return out
}

// exchanged goes on with what waited for the others, and renders anew what depends on them.
func (a *Agent) exchanged(ctx context.Context) {
	a.hinted(ctx)
	a.hearsay()
	a.witness()
	a.believe(ctx)
	if a.reconsider() || a.pending != nil {
		a.follow(ctx)
	}
	if a.states.Wanting() && a.known {
		a.turned()
		a.compare(ctx, false)
	}
}

// tell says to the others what this director holds and does. It comes after each task, and before the kernel is touched for a commit.
func (a *Agent) tell() {
	facts := a.mates()
	_, live := a.states.Beside()
	r := spec.PeerReport{
		Version: spec.DocumentVersion, Director: a.cfg.Director, Boot: a.cfg.Run, At: time.Now(), Program: a.cfg.Program,
		Commit: a.held.Commit.ID, Rendering: a.renderingOf(a.held.Commit.ID, a.held.View),
		Settled: a.known && a.states.Wanting() && len(a.failures) == 0 && a.kernel == nil && (a.held.Whole || a.backlog > 0),
		Waiting: a.still, Confirmed: a.held.Confirmed, ConfirmedAt: a.held.ConfirmedAt, Unproven: a.held.Trial != nil, Stays: a.stays(), HighWater: a.held.HighWater,
		Turn: a.turn, Heard: map[string]uint64{}, Roles: a.parts.VRRP.Roles(), Daemons: live.Daemons, Sources: a.sources,
		Receiver: a.receiver.id(), Coverage: a.covered, Overrides: a.held.Overrides,
	}
	if a.pools != nil {
		r.Failing = a.pools.Failing()
	}
	for name, p := range facts {
		if p.Report != nil && p.Report.Turn.Serial > 0 {
			r.Heard[name] = p.Report.Turn.Serial
		}
	}
	if a.held.View != nil {
		r.SyncIDs = reconcile.SyncIDs(*a.held.View)
	}
	r.Journal.Seq, r.Journal.Hash = a.journal.Head()
	a.parts.Exchange.Tell(r)
}

// renderingOf is worked out once for each commit: it takes a digest of all services.
func (a *Agent) renderingOf(commit string, v *spec.View) map[string]spec.Digest {
	if v == nil || len(a.mates()) == 0 {
		return nil
	}
	if a.digests[commit] == nil {
		if len(a.digests) > 1 { // the one that is held and the one that waits are asked for
			a.digests = nil
		}
		if a.digests == nil {
			a.digests = map[string]map[string]spec.Digest{}
		}
		a.digests[commit] = reconcile.RenderingOf(*v)
	}
	return a.digests[commit]
}

// stays is why this director does not follow the branch.
func (a *Agent) stays() string {
	switch r := a.held.Reverted; {
	case a.held.Suspension != nil:
		return "it is suspended by " + a.held.Suspension.Actor.String()
	case a.held.Pin != nil:
		return "it is pinned to " + a.held.Pin.Pin.Commit.Short() + " by " + a.held.Pin.Pin.Actor.String()
	case r != nil && len(r.Unmet) > 0:
		return "it went back from " + r.Commit.Short() + ": " + r.Unmet[0].String()
	case a.refusal != nil:
		return "it refused " + a.refusal.Commit.Short() + ": " + a.refusal.Reason
	case a.pending != nil && len(a.awaited) > 0 && a.awaited[0].Key == nil:
		return "it waits: " + a.awaited[0].Why
	}
	return ""
}

// alone is an exchange with nobody.
type alone struct{}

func (alone) Trust(...spec.View)              {}
func (alone) Tell(spec.PeerReport)            {}
func (alone) Facts() map[string]spec.PeerFact { return nil }
func (alone) Changed() <-chan struct{}        { return nil }
func (alone) Report() *spec.ChannelStatus     { return nil }
func (alone) Sample(context.Context, string) (spec.ConnSample, error) {
	return spec.ConnSample{}, errAlone
}

// kernelSync leaves connection sync to the kernel's daemons.
type kernelSync struct{}

func (kernelSync) Watch(...spec.Daemon)         {}
func (kernelSync) Speakers() []spec.SyncSpeaker { return nil }
func (kernelSync) Changed() <-chan struct{}     { return nil }
func (kernelSync) Resync(context.Context, spec.Daemon) (spec.Resynced, error) {
	return spec.Resynced{}, errAlone
}
func (s kernelSync) Parting(d spec.Daemon) func(context.Context) (spec.Resynced, error) {
	return func(ctx context.Context) (spec.Resynced, error) { return s.Resync(ctx, d) }
}
func (kernelSync) Cover(_, _ spec.ConnSample) spec.Coverage { return spec.Coverage{} }

var errAlone = errors.New("this agent has no channel to other directors")
