package view

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// VRRP is what the engine of a director says.
type VRRP struct {
	Head
	Director string           `json:"director"`
	Now      time.Time        `json:"now"`
	Engine   *spec.VRRPStatus `json:"engine"` // null where nobody needs one
}

// NewVRRP takes the engine's part of an agent's status.
func NewVRRP(s spec.Status, now time.Time) VRRP {
	return VRRP{Head: head("vrrp"), Director: s.Director, Now: now, Engine: s.VRRP}
}

// Text is a table of the instances, one of their counters, and what else an operator should know.
func (v VRRP) Text(t *Text) {
	if v.Engine == nil {
		t.Linef("%s has no vrrp_instance, and no engine runs", v.Director)
		return
	}
	v.instances(t)
	t.Linef("")
	v.counters(t)
	if len(v.Engine.Trackers) > 0 {
		t.Linef("")
		t.Table("", trackerRows(v.Engine.Trackers, v.Now))
	}
	t.Linef("")
	t.Linef("%s", engineText(v.Engine, v.Now))
	if rows := remarks(v.Engine, v.Now); len(rows) > 0 {
		t.Table("", rows)
	}
}

func (v VRRP) instances(t *Text) {
	rows := [][]Cell{titles("INSTANCE", "STATE", "PRIORITY", "MASTER", "INTERVAL", "INTERFACE", "VRID", "HELD", "SINCE", "WHY")}
	for _, i := range v.Engine.Instances {
		rows = append(rows, append([]Cell{Plain.In(i.Name.String()), stateStyles[i.State].In(string(i.State))},
			cells(priorityText(i), masterText(i), interval(i).String(), i.Interface, strconv.Itoa(int(i.RouterID)),
				fmt.Sprintf("%d of %d", i.Held, i.Addresses), moment(v.Now, i.Since), i.Why)...))
	}
	t.Table("", rows)
}

var stateStyles = map[spec.VRRPState]Style{spec.VRRPMaster: Green, spec.VRRPFault: Red, spec.VRRPInitialize: Dim}

// priorityText is the effective one, and what it was before trackers.
func priorityText(i spec.InstanceStatus) string {
	if i.Effective == i.Priority {
		return strconv.Itoa(int(i.Priority))
	}
	return fmt.Sprintf("%d (of %d)", i.Effective, i.Priority)
}

func masterText(i spec.InstanceStatus) string {
	switch {
	case i.State == spec.VRRPMaster:
		return "here"
	case !i.Master.IsValid():
		return "not heard"
	}
	return fmt.Sprintf("%s (%d)", i.Master, i.MasterPrio)
}

// interval is that of the master: a backup works by what it hears.
func interval(i spec.InstanceStatus) time.Duration {
	if i.State == spec.VRRPBackup && i.Learned > 0 {
		return i.Learned
	}
	return i.Interval
}

func moment(now, then time.Time) string {
	if then.IsZero() {
		return ""
	}
	return ago(now, then)
}

func (v VRRP) counters(t *Text) {
	rows := [][]Cell{titles("INSTANCE", "SENT", "RECEIVED", "PRIORITY 0", "TRANSITIONS", "BECAME MASTER", "DROPPED")}
	for _, i := range v.Engine.Instances {
		c := i.Counters
		row := []Cell{Plain.In(i.Name.String())}
		for _, n := range []uint64{c.Sent, c.Received, c.PriorityZero, i.Transitions, c.BecameMaster} {
			row = append(row, Plain.In(strconv.FormatUint(n, 10)))
		}
		rows = append(rows, append(row, Plain.In(dropped(c))))
	}
	t.Table("", rows)
}

// dropped is "checksum 3, ttl 1".
func dropped(c spec.VRRPCounters) string {
	var out []string
	for _, why := range slices.Sorted(maps.Keys(c.Dropped)) {
		out = append(out, why+" "+strconv.FormatUint(c.Dropped[why], 10))
	}
	return strings.Join(out, ", ")
}

func trackerRows(all []spec.TrackerStatus, now time.Time) [][]Cell {
	rows := [][]Cell{titles("TRACKER", "VERDICT", "SINCE")}
	for _, k := range all {
		rows = append(rows, []Cell{Plain.In(k.Key), verdict(k), Plain.In(moment(now, k.Since))})
	}
	return rows
}

func verdict(k spec.TrackerStatus) Cell {
	switch {
	case !k.Known:
		return Dim.In("none yet, counts as good")
	case k.Good:
		return Green.In("good")
	}
	return Red.In("bad")
}

func engineText(s *spec.VRRPStatus, now time.Time) string {
	return fmt.Sprintf("engine lbsync %s, running for %s, scheduler %s, %s", s.Program, span(now.Sub(s.Started)), s.Scheduler, plural(int(s.Serial), "event"))
}
