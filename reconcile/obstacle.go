package reconcile

import (
	"errors"

	"github.com/lbsync/lbsync/spec"
)

// The reasons for which a change is skipped.
var (
	ErrNoService  = errors.New("its service could not be added")
	ErrNoInstance = errors.New("its vrrp instance could not be added")
	ErrPool       = errors.New("a real server of the same service could not be added or edited, so none is taken away")
	ErrAddress    = errors.New("its address could not be taken away, and would go on drawing connections")
	ErrNotWhole   = errors.New("not all that a master needs could be done, so the role is not drawn here")
)

// obstacle is the earlier failure that forbids a change, or nil.
func (r *run) obstacle(p spec.Phase, c spec.Change) error {
	switch k := c.Key.(type) {
	case spec.ServiceKey:
		return r.addressed(k, c.Action)
	case spec.DestKey:
		return r.pool(p, k, c.Action)
	case spec.InstanceKey:
		if p == spec.PhasePriority && draws(&c) {
			return ErrNotWhole
		}
	case spec.FollowSyncKey:
		if r.unadded[spec.PartOf(k)] {
			return ErrNoInstance
		}
	}
	return nil
}

// addressed keeps a service for as long as its address is announced from here.
func (r *run) addressed(k spec.ServiceKey, a spec.Action) error {
	if a == spec.Remove && r.announced[k.Addr.Addr()] {
		return ErrAddress
	}
	return nil
}

func (r *run) pool(p spec.Phase, k spec.DestKey, a spec.Action) error {
	switch {
	case r.unadded[k.Service]:
		return ErrNoService
	case r.weakened[k.Service] && (p == spec.PhaseDrain || p == spec.PhaseRemoveRealServers):
		return ErrPool
	}
	return r.addressed(k.Service, a)
}

// draws says whether an edit of an instance makes it likelier that this director becomes master. It may always become less likely: who
// lacks something should not keep the role for that.
func draws(c *spec.Change) bool {
	before, after := c.Before.(spec.Instance), c.After.(spec.Instance)
	return after.Priority > before.Priority || after.Preempt && !before.Preempt
}
