package vrrp

import "net/netip"

// Event is something that happened to a group or to one of its members; the functions below make them.
type Event struct {
	kind   eventKind
	source netip.Addr
	advert *Advert
	tally  Tally
	config Config
}

type eventKind uint8

const (
	eventStart eventKind = iota
	eventResume
	eventShutdown
	eventTimer
	eventHeard
	eventTracked
	eventHandover
	eventReconfigure
)

// Start takes all members out of Initialize (RFC 9568, section 6.4.1).
func Start() Event { return Event{kind: eventStart} }

// Resume takes all members out of Initialize straight to Active: the driver restarted in place, and the last advertisement of each
// is younger than Active_Down_Interval.
func Resume() Event { return Event{kind: eventResume} }

// Shutdown takes all members to Initialize; Active ones advertise priority 0.
func Shutdown() Event { return Event{kind: eventShutdown} }

// Timer tells that the time has passed Deadline. One that comes too early does nothing.
func Timer() Event { return Event{kind: eventTimer} }

// Heard is an advertisement that ParseAdvert accepted for the member. It is not kept.
func Heard(source netip.Addr, a *Advert) Event {
	return Event{kind: eventHeard, source: source.WithZone(""), advert: a}
}

// Tracked tells what the trackers of the member say now.
func Tracked(t Tally) Event { return Event{kind: eventTracked, tally: t} }

// Handover makes an Active group advertise priority 0 and become Backup. It does not preempt until it has been Active once more, so
// that the router that took over keeps the role. In other states it does nothing.
func Handover() Event { return Event{kind: eventHandover} }

// Reconfigure changes the member without a transition. Config.InPlace must allow it; Step panics otherwise.
func Reconfigure(c Config) Event { return Event{kind: eventReconfigure, config: c} }
