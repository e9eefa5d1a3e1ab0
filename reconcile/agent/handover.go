package agent

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
)

// warmFor sends all connections, and refuses where a backup does not hold what the fleet asks for. It runs in the goroutine of the command.
func (a *Agent) warmFor(ctx context.Context, k spec.InstanceKey) (map[string]spec.Coverage, error) {
	covered, err := a.warm(ctx)
	if err != nil {
		return nil, fmt.Errorf("nothing was handed over, the backups do not have all connections yet: %w; --now hands over all the same", err)
	}
	why := ""
	if err := a.within(ctx, func(context.Context) {
		cluster, _ := a.instance(k)
		why = reconcile.Uncovered(cluster, a.cfg.Director, a.facts(), covered)
	}); err != nil {
		return nil, err
	}
	if why != "" {
		return nil, fmt.Errorf("nothing was handed over: %s; ask again, or look with lbsync sync now; --now hands over all the same", why)
	}
	return covered, nil
}

// parting is what is done once the role is given away: what was opened since all was sent is sent, for its next packet goes elsewhere, and
// the kernel would take up to 2 s for it. It runs in the goroutine of the command.
func (a *Agent) parting(ctx context.Context) func(context.Context) {
	var send func(context.Context) (spec.Resynced, error)
	err := a.within(ctx, func(context.Context) {
		if from, sends := a.facts().Daemons.Find(spec.RoleMaster); sends {
			send = a.parts.Sync.Parting(from.Value)
		}
	})
	return func(ctx context.Context) {
		if err == nil && send != nil {
			within, cancel := context.WithTimeout(ctx, warmWithin)
			defer cancel()
			_, err = send(within)
		}
		if err != nil {
			a.parts.Log.Warn("what was opened during the handover is left to the kernel to send", "error", err)
		}
	}
}

// handover gives the role of master of an instance away, if there is somebody to take it.
func (a *Agent) handover(ctx context.Context, c spec.Command) (spec.CommandResult, error) {
	h, err := a.handable(ctx, c.Instance)
	if err != nil || c.DryRun {
		return spec.CommandResult{Handed: h}, err
	}
	r := of(a.held.Commit, journal.Record{Event: journal.HandedOver, Actor: actorOf(c.Actor), Kind: spec.KindInstance, Key: c.Instance.String(),
		Detail: "to " + strings.Join(h.Others, " or ") + withReason(c.Reason)})
	if err := a.account(r); err != nil {
		return spec.CommandResult{}, err
	}
	err = a.parts.VRRP.Handover(ctx, c.Instance)
	r.Result = "ok"
	if err != nil {
		r.Result = err.Error()
	}
	_ = a.record(r)
	return spec.CommandResult{Handed: h}, err
}

func withReason(why string) string {
	if why == "" {
		return ""
	}
	return fmt.Sprintf(" (%q)", why)
}

// handable is what a handover would give away, or why it cannot be. A backup says nothing on the wire: that one of the others is there
// is not known, only that the fleet has them.
func (a *Agent) handable(ctx context.Context, k spec.InstanceKey) (*spec.Handed, error) {
	cluster, in := a.instance(k)
	if in == nil {
		return nil, fmt.Errorf("vrrp_instance %q is not declared for %s: lbsync get vrrp shows those that are", k, a.cfg.Director)
	}
	s, problem := a.parts.VRRP.Report(ctx, true)
	if problem != nil {
		return nil, errors.New(problem.Error)
	}
	h := &spec.Handed{Instances: []spec.InstanceKey{k}}
	for _, g := range cluster.SyncGroups {
		h.Instances = append(h.Instances, others(g.Instances, k)...)
	}
	for _, member := range h.Instances {
		if err := master(s, member); err != nil {
			return nil, err
		}
	}
	for _, d := range cluster.Directors {
		if p, ok := in.Priority.For(d); ok && d != a.cfg.Director {
			h.Others, h.Within = append(h.Others, d), max(h.Within, skew(in, p))
		}
	}
	if len(h.Others) == 0 {
		return nil, fmt.Errorf("no other director has vrrp_instance %q: its addresses would be nowhere", k)
	}
	return h, nil
}

// instance is the declaration of an instance, and its cluster; nil for none.
func (a *Agent) instance(k spec.InstanceKey) (*spec.Cluster, *spec.VRRPInstance) {
	if a.held.View == nil {
		return nil, nil
	}
	for i := range a.held.View.Clusters {
		c := &a.held.View.Clusters[i]
		for _, in := range c.Instances {
			if in.Def.Name == k.String() {
				return c, in.Def
			}
		}
	}
	return nil, nil
}

// others are the members of a group that k is one of.
func others(group []string, k spec.InstanceKey) []spec.InstanceKey {
	var out []spec.InstanceKey
	found := false
	for _, name := range group {
		if name == k.String() {
			found = true
		} else {
			out = append(out, spec.InstanceKey(name))
		}
	}
	if !found {
		return nil
	}
	return out
}

func master(s *spec.VRRPStatus, k spec.InstanceKey) error {
	for _, i := range s.Instances {
		switch {
		case i.Name != k:
		case i.State == spec.VRRPMaster:
			return nil
		case i.Master.IsValid():
			return fmt.Errorf("vrrp_instance %q is %s here: ask the director that is master, at %s", k, i.State, i.Master)
		default:
			return fmt.Errorf("vrrp_instance %q is %s here: only its master can hand over", k, i.State)
		}
	}
	return fmt.Errorf("the engine does not know vrrp_instance %q yet: lbsync status says why", k)
}

// skew is Skew_Time (RFC 9568, section 6.1; in version 2 it does not depend on the interval: RFC 3768, section 6.1): how long a
// backup waits after priority 0.
func skew(i *spec.VRRPInstance, priority uint8) time.Duration {
	unit := i.AdvertInterval
	if i.Version == 2 {
		unit = time.Second
	}
	return time.Duration(256-int(priority)) * unit / 256
}
