package view

import (
	"fmt"
	"strings"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// rolesListed is how many instances have a line of their own in the status; more are counted by state.
const rolesListed = 8

// vrrpFacts are the roles, and the engine.
func (s Status) vrrpFacts() [][]Cell {
	v := s.Agent.VRRP
	if v == nil || len(v.Instances) == 0 {
		return nil
	}
	rows := [][]Cell{cells("engine", strings.TrimPrefix(engineText(v, s.Now), "engine "))}
	if len(v.Instances) > rolesListed {
		return append(rows, cells("vrrp", countedStates(v.Instances)+"; lbsync get vrrp has them all"))
	}
	for _, i := range v.Instances {
		text := fmt.Sprintf("%s: %s for %s, priority %s", i.Name, i.State, span(s.Now.Sub(i.Since)), priorityText(i))
		if i.State != spec.VRRPMaster {
			text += ", master " + masterText(i)
		}
		rows = append(rows, cells("vrrp", text))
	}
	return rows
}

func countedStates(all []spec.InstanceStatus) string {
	n := map[spec.VRRPState]int{}
	for _, i := range all {
		n[i.State]++
	}
	var out []string
	for _, state := range []spec.VRRPState{spec.VRRPMaster, spec.VRRPBackup, spec.VRRPFault, spec.VRRPInitialize} {
		if n[state] > 0 {
			out = append(out, fmt.Sprintf("%d %s", n[state], state))
		}
	}
	return plural(len(all), "instance") + ": " + strings.Join(out, ", ")
}

// spoke is how long ago somebody else's advertisement is still trouble; later it is a remark.
const spoke = 5 * time.Minute

// electing is what is wrong with VRRP.
func electing(s spec.Status, now time.Time) []Trouble {
	var out []Trouble
	if p := s.Engine; p != nil {
		out = append(out, Trouble{Failing, callText(p), p.Since})
	}
	if s.VRRP == nil {
		return out
	}
	for _, i := range s.VRRP.Instances {
		if i.State == spec.VRRPFault {
			out = append(out, Trouble{Failing, fmt.Sprintf("vrrp instance %s is in fault: %s", i.Name, i.Why), i.Since})
		}
		for _, k := range i.Speakers {
			if now.Sub(k.Last) > spoke {
				continue
			}
			out = append(out, Trouble{Failing, fmt.Sprintf("somebody else speaks for vrrp instance %s: %s", i.Name, speakerText(k)), time.Time{}})
		}
	}
	for _, p := range s.VRRP.Problems {
		out = append(out, Trouble{Failing, "engine: " + p, time.Time{}})
	}
	return out
}

func speakerText(k spec.Speaker) string {
	return fmt.Sprintf("%s with priority %d, %s", k.Addr, k.Priority, plural(int(k.Count), "advertisement"))
}

// remarks are what is no failure and yet worth a line.
func remarks(v *spec.VRRPStatus, now time.Time) [][]Cell {
	var rows [][]Cell
	remark := func(what, text string) {
		rows = append(rows, []Cell{Yellow.In("warning"), Plain.In(what), Plain.In(text)})
	}
	if why, other := strings.CutPrefix(v.Scheduler, "other"); other {
		remark("engine", "runs without real-time priority"+why+"; advertisements may be late by 100ms and more under load (CAP_SYS_NICE, LimitRTPRIO)")
	}
	if v.EventsLost > 0 {
		remark("engine", fmt.Sprintf("%s lost: the agent was away for too long, and nobody was notified of them", plural(int(v.EventsLost), "event")))
	}
	for _, i := range v.Instances {
		for _, a := range i.Foreign {
			remark("vrrp instance "+i.Name.String(), a.String()+" was put on the interface by somebody else; left alone")
		}
		for _, k := range i.Speakers {
			remark("vrrp instance "+i.Name.String(), fmt.Sprintf("somebody else speaks for virtual_router_id %d: %s, last %s", i.RouterID, speakerText(k), ago(now, k.Last)))
		}
		if n := i.Counters.SendErrors; n > 0 {
			remark("vrrp instance "+i.Name.String(), fmt.Sprintf("%s could not be sent", plural(int(n), "advertisement")))
		}
	}
	return rows
}

func badTrackers(v *spec.VRRPStatus, now time.Time) [][]Cell {
	var rows [][]Cell
	for _, k := range v.Trackers {
		if k.Known && !k.Good {
			rows = append(rows, []Cell{Red.In("bad"), Plain.In(k.Key), Plain.In(strings.TrimPrefix(since(now, k.Since), ", "))})
		}
	}
	return rows
}

// byHolder parts what the kernel did not take from what the engine did not.
func byHolder(all []spec.Failure) (kernel, engine []spec.Failure) {
	for _, f := range all {
		switch f.Kind {
		case spec.KindInstance, spec.KindPeer, spec.KindAddress, spec.KindRoute, spec.KindRule, spec.KindTracker, spec.KindFollowSync:
			engine = append(engine, f)
		default:
			kernel = append(kernel, f)
		}
	}
	return kernel, engine
}
