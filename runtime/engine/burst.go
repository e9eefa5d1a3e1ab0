package engine

import (
	"errors"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/runtime/kernel"
)

// again is the wait for a queue that was full.
const again = time.Millisecond

// burst announces some addresses of an instance: all of them once in each round.
type burst struct {
	h        *holding
	frames   []kernel.Frame
	sent     int    // of frames, in this round
	rounds   uint32 // left
	repeated bool   // all of them were announced once
	pace     time.Duration
	at       time.Time
}

// frame is what announces an address on a link.
func (k *holder) frame(link kernel.Link, d *held) (kernel.Frame, error) {
	if d.addr().Is4() {
		return kernel.GratuitousARP(link.Index, link.MAC, d.addr())
	}
	router, err := kernel.Forwards(link.Name)
	if err != nil {
		return kernel.Frame{}, err
	}
	return kernel.NeighborAdvert(link.Index, link.MAC, d.addr(), router)
}

// announce starts a burst of all addresses that are on their interface, whoever put them there: RFC 9568 has the owner of addresses
// announce them too.
func (k *holder) announce(h *holding, times uint32) {
	if h.on && times > 0 {
		list := append(h.in(ours), h.in(foreign)...)
		k.burst(h, list, 1, false)
		k.burst(h, list, times-1, true)
	}
}

func (k *holder) burst(h *holding, list []*held, times uint32, repeated bool) {
	b := &burst{h: h, rounds: times, repeated: repeated, pace: h.inst.Announce.Interval, at: time.Now()}
	for _, d := range list {
		if d.state != absent && d.frame.Bytes != nil {
			b.frames = append(b.frames, d.frame)
		}
	}
	if repeated {
		b.at = b.at.Add(b.pace * time.Duration(len(b.frames))) // after the first round
	}
	if len(b.frames) > 0 && times > 0 {
		k.herald.add(b)
	}
}

// send goes on with a round and says when to go on further. A frame that cannot be sent is passed over: its interface is down or gone,
// and the address is announced again when that has changed.
func (b *burst) send(a announcer, now time.Time) time.Time {
	upTo := len(b.frames)
	if b.pace > 0 {
		upTo = b.sent + 1
	}
	for b.sent < upTo {
		n, err := a.Burst(b.frames[b.sent:upTo])
		b.sent += n
		if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.ENOBUFS) {
			return now.Add(again)
		}
		if err != nil {
			b.sent++
		}
	}
	if b.sent == len(b.frames) {
		b.sent = 0
		b.rounds--
	}
	return now.Add(b.pace)
}
