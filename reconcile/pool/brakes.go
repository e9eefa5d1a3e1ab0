package pool

// Brakes are those that are on, and what they say: by service as it is shown, and "" for that of all checks.
func (p *Pools) Brakes() map[string]string {
	out := map[string]string{}
	if p.all.on {
		out[""] = p.all.why(p.down, len(p.checks), "checks")
	}
	for i := range p.services {
		if s := &p.services[i]; s.brake.on {
			out[s.key.String()] = s.brake.why(s.down, len(s.members), "real servers")
		}
	}
	return out
}
