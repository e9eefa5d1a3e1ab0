package pool

import "time"

// Brakes are those that are on, and what they say: by service as it is shown, and "" for that of all checks.
func (p *Pools) Brakes() map[string]string {
	return brakes(p, func(b *brake, down, of int, what string) string { return b.why(down, of, what) })
}

// On are the same, since when.
func (p *Pools) On() map[string]time.Time {
	return brakes(p, func(b *brake, _, _ int, _ string) time.Time { return b.since.UTC().Round(0) })
}

func brakes[T any](p *Pools, say func(b *brake, down, of int, what string) T) map[string]T {
	out := map[string]T{}
	if p.all.on {
		out[""] = say(&p.all, p.down, len(p.checks), "checks")
	}
	for i := range p.services {
		if s := &p.services[i]; s.brake.on {
			out[s.key.String()] = say(&s.brake, s.down, len(s.members), "real servers")
		}
	}
	return out
}
