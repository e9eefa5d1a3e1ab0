package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// Standing is what keeps a real server from being just as git has it; the zero value is nothing.
type Standing struct {
	Override   *spec.Override     `json:"override,omitempty"`
	Health     *spec.ServerHealth `json:"health,omitempty"`
	Drain      *spec.Drain        `json:"drain,omitempty"`
	Sorry      bool               `json:"sorry_server,omitempty"` // it stands in for those that git declares
	Replaced   bool               `json:"replaced,omitempty"`     // a sorry server stands in for it
	Gone       bool               `json:"gone,omitempty"`         // it was taken out of the service
	Configured *int32             `json:"configured_weight,omitempty"`

	pos spec.Pos
}

// standings are those of all real servers that have one.
func standings(s spec.Snapshot, h *spec.HealthStatus) map[spec.DestKey]Standing {
	out := map[spec.DestKey]Standing{}
	alter := func(k spec.DestKey, f func(*Standing)) {
		is := out[k]
		f(&is)
		out[k] = is
	}
	for i := range s.Configured {
		r := &s.Configured[i]
		_, in := wanted(s).Dests.Find(r.Key)
		alter(r.Key, func(is *Standing) { is.Configured, is.pos, is.Gone = &r.Value.Weight, r.Pos, !in })
	}
	for i := range wanted(s).Overrides {
		o := &wanted(s).Overrides[i]
		alter(o.Key, func(is *Standing) { is.Override = o })
	}
	if h != nil {
		for i := range h.Servers {
			alter(h.Servers[i].Key, func(is *Standing) { is.Health = &h.Servers[i] })
		}
	}
	for i := range s.Drains {
		if s.Drains[i].Ended == "" {
			alter(s.Drains[i].Key, func(is *Standing) { is.Drain = &s.Drains[i] })
		}
	}
	for _, p := range s.Pools {
		replace(p, alter)
	}
	return out
}

// replace notes the sorry server of a service, and for whom it stands in though no check took it out.
func replace(p spec.ServicePool, alter func(spec.DestKey, func(*Standing))) {
	if p.Sorry == nil {
		return
	}
	for _, m := range p.Members {
		alter(m.Key, func(is *Standing) {
			is.Replaced = m.Key != p.Sorry.Key && (is.Health == nil || is.Health.State != "out")
		})
	}
	alter(p.Sorry.Key, func(is *Standing) { is.Sorry = true })
}

var serverStyles = map[string]Style{"out": Red, "unjudged": Dim}

// health is one cell of what checks and drains make of it.
func (s Standing) health(now time.Time) Cell {
	var parts []string
	style := Yellow
	if s.Sorry {
		parts = append(parts, "sorry server, stands in")
	}
	if s.Drain != nil {
		parts = append(parts, drainText(*s.Drain))
	}
	if s.Health != nil {
		text := serverText(*s.Health, now)
		if s.Override != nil {
			text = "its checks say " + text
		}
		parts = append(parts, text)
		if other, ok := serverStyles[s.Health.State]; ok && len(parts) == 1 {
			style = other
		}
	}
	if s.Replaced {
		parts = append(parts, "the sorry server stands in for it")
	}
	return style.In(strings.Join(parts, "; "))
}

// serverText is what its checks make of a real server: "out, since 3m (…): connect to …".
func serverText(h spec.ServerHealth, now time.Time) string {
	switch h.State {
	case "out":
		return "out" + since(now, h.Since) + ": " + h.Why
	case "rising":
		return fmt.Sprintf("rising, weight %d%s", h.Weight, until(h.Until))
	case "held":
		return "held, its checks fail and are not believed: " + h.Why
	case "weighed":
		return fmt.Sprintf("its check asks for weight %d", h.Weight)
	case "unjudged":
		return "no verdict yet, left as it was found"
	}
	return h.State
}

// drainText is "draining, 14 connections left, until 2026-03-04 12:30:05Z".
func drainText(d spec.Drain) string {
	left := ""
	if d.Left >= 0 {
		left = ", " + plural(d.Left, "connection") + " left"
	}
	return "draining" + left + until(d.Until)
}
