package bench

import (
	"context"
	"time"
)

// filled waits until the kernel holds all real servers of the rules. The last service alone is asked while it waits, which is cheap
// however many there are; all of them are counted when that one is full.
func (p probe) filled(ctx context.Context, r Rules) (time.Time, error) {
	last := r.service(r.Services - 1)
	full := false
	return until(ctx, pollEvery, func() (bool, error) {
		if !full {
			n, err := p.count(last)
			if full = n == r.RealServers; err != nil || !full {
				return false, err
			}
		}
		n, err := p.sum(r.Services)
		return n == r.total(), err
	})
}

// reweighted waits until the kernel holds the weight of a version.
func (p probe) reweighted(ctx context.Context, r Rules, version int) (time.Time, error) {
	service, real := r.edited()
	return until(ctx, pollEvery, func() (bool, error) {
		w, err := p.weight(service, real, r.RealServers)
		return w == versions[version], err
	})
}

// Looks are what one look into the kernel costs.
type Looks struct {
	Service time.Duration `json:"service_ns"` // how many real servers one service has
	Weights time.Duration `json:"weights_ns"` // the weights of one service
	All     time.Duration `json:"all_ns"`     // how many real servers each service has, once at the end
	Every   time.Duration `json:"every_ns"`   // time between two looks
}

// measureLooks times looks at a kernel that holds the rules.
func measureLooks(r Rules) (Looks, error) {
	out := Looks{Every: pollEvery}
	p, err := openProbe()
	if err != nil {
		return out, err
	}
	defer p.close()
	service, real := r.edited()
	for _, l := range []struct {
		into *time.Duration
		look func() error
	}{
		{&out.Service, func() error { _, err := p.count(service); return err }},
		{&out.Weights, func() error { _, err := p.weight(service, real, r.RealServers); return err }},
		{&out.All, func() error { _, err := p.sum(r.Services); return err }},
	} {
		const times = 50
		begin := time.Now()
		for range times {
			if err := l.look(); err != nil {
				return out, err
			}
		}
		*l.into = time.Since(begin) / times
	}
	return out, nil
}
