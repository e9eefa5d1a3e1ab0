package engine

import (
	"errors"
	"fmt"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/spec"
)

// acquire takes what goes with the role of master, in keepalived's order. The daemon that sends connections is there before the first
// of them can come, the one that receives them goes last.
func (k *holder) acquire(h *holding, announce uint32) {
	h.on = true
	k.listed = nil
	k.raise(h, true)
	k.daemonStart(h, spec.RoleMaster)
	k.announce(h, announce) // what was there already
	k.put(h, h.in(absent), announce)
	k.putRoutes(h)
	k.daemonStop(h, spec.RoleBackup)
	k.publish(h)
}

// release is acquire backwards. What did not work stays a problem, and is tried again.
func (k *holder) release(h *holding) {
	h.on = false
	k.herald.silence(h)
	k.daemonStart(h, spec.RoleBackup)
	k.takeRoutes(h)
	k.take(h, h.in(ours))
	for n := range h.held {
		if h.held[n].state == foreign {
			h.held[n].state = absent
		}
	}
	k.raise(h, false)
	k.daemonStop(h, spec.RoleMaster)
	k.publish(h)
}

// putRoutes adds the routes and rules of the instance that are not there.
func (k *holder) putRoutes(h *holding) {
	if len(h.routes)+len(h.rules) == 0 {
		return
	}
	routes := h.routes
	if live, err := k.parts.routes.Routes(); err == nil {
		routes = slices.DeleteFunc(slices.Clone(routes), func(r spec.Row[spec.RouteKey, spec.Route]) bool { return hasRoute(live, r) })
	}
	for n, err := range k.parts.routes.AddRoutes(routes) {
		h.problem(routes[n].Key.String(), named("add", routes[n].Key, err))
	}
	rules := h.rules
	if live, err := k.parts.routes.Rules(); err == nil {
		rules = slices.DeleteFunc(slices.Clone(rules), func(r spec.Row[spec.RuleKey, spec.Rule]) bool { return slices.Contains(live, r.Value) })
	}
	for n, err := range k.parts.routes.AddRules(rules) {
		h.problem(rules[n].Key.String(), named("add", rules[n].Key, err))
	}
}

// hasRoute looks for a route as a kernel keeps it: without an instance.
func hasRoute(live spec.Rows[spec.RouteKey, spec.Route], want spec.Row[spec.RouteKey, spec.Route]) bool {
	return slices.ContainsFunc(live, func(l spec.Row[spec.RouteKey, spec.Route]) bool {
		return l.Key.To == want.Key.To && l.Key.Table == want.Key.Table && l.Key.Metric == want.Key.Metric
	})
}

func (k *holder) takeRoutes(h *holding) {
	if len(h.routes)+len(h.rules) == 0 {
		return
	}
	for n, err := range k.parts.routes.DelRules(h.rules) {
		if errors.Is(err, unix.ENOENT) {
			err = nil
		}
		h.problem(h.rules[n].Key.String(), named("remove", h.rules[n].Key, err))
	}
	for n, err := range k.parts.routes.DelRoutes(h.routes) {
		if errors.Is(err, unix.ESRCH) {
			err = nil
		}
		h.problem(h.routes[n].Key.String(), named("remove", h.routes[n].Key, err))
	}
}

func named(verb string, k spec.Key, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s %s: %w", verb, k, err)
}
