package engine

import (
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/lbsync/lbsync/runtime/vrrp"
	"github.com/lbsync/lbsync/spec"
)

// glance is how many instances the loop tells of at a time: a copy of a few microseconds each.
const glance = 32

// seen is what the loop knows of an instance, copied without memory of the loop's own.
type seen struct {
	figures
	state       vrrp.State
	effective   uint8
	interval    time.Duration
	master      netip.Addr
	masterPrio  uint8
	since       int64
	transitions uint64
	why         text
	trackers    []tracker
	known       bool
}

// Status is the engine as it is now.
func (c *control) Status(context.Context) (spec.VRRPStatus, error) {
	defer c.tidy()
	c.mu.Lock()
	v := c.kept.VRRP
	c.mu.Unlock()
	out := spec.VRRPStatus{
		Version: spec.DocumentVersion, Program: c.options.Program, Started: c.started.UTC(), Scheduler: c.scheduler.String(),
		Serial: c.page.newest(), EventsLost: max(c.page.newest(), ringSize) - ringSize,
	}
	for rows := range slices.Chunk(v.Instances, glance) {
		all := make([]seen, len(rows))
		for n, row := range rows {
			all[n].trackers = make([]tracker, 0, len(trackersOf(v, row.Key))+1)
		}
		if err := c.onLoop(func(l *loop) { l.glance(rows, all) }); err != nil {
			return out, err
		}
		for n, row := range rows {
			if all[n].known {
				out.Instances = append(out.Instances, c.instance(v, row, &all[n]))
				out.Trackers = append(out.Trackers, trackerStatus(all[n].trackers)...)
				out.Problems = append(out.Problems, c.holder.show(row.Key).problems...)
			}
		}
	}
	return out, nil
}

func (l *loop) glance(rows []spec.Row[spec.InstanceKey, spec.Instance], all []seen) {
	for n, row := range rows {
		m, ok := l.members[row.Key]
		if !ok {
			continue
		}
		s, machine := &all[n], m.machine()
		s.known, s.figures, s.state, s.effective, s.interval = true, m.figures, m.group.machine.State(), machine.Effective(), machine.Interval()
		s.master, s.masterPrio = machine.Master()
		s.since, s.transitions, s.why = m.slot.since, m.slot.transitions, m.slot.why
		if now := m.fault(); s.state == vrrp.Fault && now != "" {
			s.why.set(now) // the first cause may be gone while another stands
		}
		for _, t := range m.trackers {
			s.trackers = append(s.trackers, *t)
		}
	}
}

func (c *control) instance(v spec.VRRP, row spec.Row[spec.InstanceKey, spec.Instance], s *seen) spec.InstanceStatus {
	i, held := row.Value, c.holder.show(row.Key)
	out := spec.InstanceStatus{
		Name: row.Key, State: word(uint8(s.state)), Interface: i.Interface, RouterID: i.RouterID, Priority: i.Priority, Effective: s.effective,
		Interval: i.Interval, Master: s.master, MasterPrio: s.masterPrio, Since: time.Unix(0, s.since).UTC(), Why: s.why.String(),
		Transitions: s.transitions, Addresses: len(addressesOf(v, row.Key)), Held: held.held, Counters: s.counters(),
	}
	if s.state == vrrp.Backup {
		out.Learned = s.interval
	}
	for n := range held.foreign {
		out.Foreign = append(out.Foreign, held.foreign[n].addr())
	}
	for _, p := range s.speakers {
		if p.addr.IsValid() {
			out.Speakers = append(out.Speakers, spec.Speaker{Addr: p.addr, Priority: p.priority, Last: time.Unix(0, p.last).UTC(), Count: p.count})
		}
	}
	return out
}

func (f *figures) counters() spec.VRRPCounters {
	out := spec.VRRPCounters{
		Sent: f.sent, Received: f.received, PriorityZero: f.zero, PlainSum: f.plain, PseudoSum: f.pseudo, BecameMaster: f.master,
		SendErrors: f.errors, IntervalDiff: f.intervals, AddressesDiff: f.addresses,
	}
	for reason, count := range f.dropped {
		if count > 0 && vrrp.Reason(reason) != vrrp.Accepted {
			if out.Dropped == nil {
				out.Dropped = map[string]uint64{}
			}
			out.Dropped[vrrp.Reason(reason).String()] = count
		}
	}
	return out
}

// trackerStatus leaves the instance's own interface out, which no block names.
func trackerStatus(all []tracker) (out []spec.TrackerStatus) {
	for _, t := range all[1:] {
		out = append(out, spec.TrackerStatus{Key: t.key.String(), Good: t.good, Known: t.known, Since: t.since.UTC()})
	}
	return out
}
