package health

import (
	"encoding/binary"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// identity is a number of a check that is the same in every process: FNV-1a of all its fields, with the finalizer of SplitMix64 over
// it, for FNV alone leaves checks of neighbouring addresses close together.
func identity(c spec.Check) uint64 {
	b := make([]byte, 0, 192)
	b = append(append(b, c.Kind...), 0)
	b = append(c.Addr.AppendTo(b), 0)
	b = append(append(b, c.Settings...), 0)
	if c.Path.Mark != 0 { // the others keep the phase that they had before there was one
		b = binary.LittleEndian.AppendUint32(append(c.Path.RealServer.AppendTo(b), 0), c.Path.Mark)
	}
	for _, n := range []uint64{uint64(c.Interval), uint64(c.Timeout), uint64(c.FastInterval), uint64(c.DownInterval), uint64(c.Jitter), uint64(c.Rise), uint64(c.Fall)} {
		b = binary.LittleEndian.AppendUint64(b, n)
	}
	h := uint64(14695981039346656037)
	for _, x := range b {
		h = (h ^ uint64(x)) * 1099511628211
	}
	h = (h ^ h>>30) * 0xbf58476d1ce4e5b9
	h = (h ^ h>>27) * 0x94d049bb133111eb
	return h ^ h>>31
}

// onGrid is the first instant after t at the phase of a number: those of an interval are the same for ever.
func onGrid(t instant, number uint64, every time.Duration) instant {
	phase := instant(number % uint64(every))
	at := t - t%instant(every) + phase
	if at <= t {
		at += instant(every)
	}
	return at
}

// warmup is the time within which the first probe of a check begins.
func warmup(c *spec.Check) time.Duration {
	if c.Jitter <= 0 || c.Jitter > c.Interval {
		return c.Interval
	}
	return c.Jitter
}

// firstTurn is when the first probe of a check begins.
func firstTurn(c *spec.Check, number uint64, now instant) instant {
	if within := warmup(c); within < c.Interval {
		return now.add(1 + time.Duration(number%uint64(within)))
	}
	return onGrid(now, number, c.Interval)
}

// following is when the probe after the one due begins. The usual interval is kept on its grid; another one is counted from what was
// due, not from when that began, so that being late adds nothing up. Rounds that were due more than half an interval ago are missed.
func following(due, now instant, number uint64, p pace) (at instant, missed uint64) {
	at = due.add(p.every)
	if p.grid {
		at = onGrid(due, number, p.every)
	}
	if late := now.sub(at); late > p.every/2 {
		missed = uint64((late - p.every/2 + p.every - 1) / p.every)
		at = at.add(time.Duration(missed) * p.every)
	}
	return at, missed
}
