package spec

import (
	"fmt"
	"slices"
	"strings"
)

// maxWave is how many directors one wave may have where another follows: each of that one asks each of them.
const maxWave = 250

// Rollout is what holds for the director: all its clusters are of one wave; of several times to soak the longest counts, and of
// several ways to treat silence the first cluster's.
func (v View) Rollout() Rollout {
	var out Rollout
	for i := range v.Clusters {
		r := v.Clusters[i].Rollout
		if i == 0 {
			out = r
		}
		out.Soak = max(out.Soak, r.Soak)
	}
	return out
}

// waveOf is the directors of the clusters of a wave, by name.
func (f *Fleet) waveOf(wave int) []Placed[Director] {
	in := map[string]bool{}
	for _, c := range f.Clusters {
		if c.Rollout.Wave == wave {
			for _, name := range c.Directors {
				in[name] = true
			}
		}
	}
	var out []Placed[Director]
	for _, d := range f.Directors {
		if in[d.Def.Name] {
			out = append(out, d)
		}
	}
	return out
}

// around are the directors of the waves next to one. Further ones need not be asked: a director confirms a commit only after the wave
// before it did.
func (f *Fleet) around(wave int) (earlier, later []Placed[Director]) {
	all := f.waves()
	at, ok := slices.BinarySearch(all, wave)
	if !ok {
		return nil, nil
	}
	if at > 0 {
		earlier = f.waveOf(all[at-1])
	}
	if at+1 < len(all) {
		later = f.waveOf(all[at+1])
	}
	return earlier, later
}

// waves are those that the fleet has, in their order.
func (f *Fleet) waves() []int {
	var out []int
	for _, c := range f.Clusters {
		out = append(out, c.Rollout.Wave)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// checkWaves finds what the directors of one wave could not do for those of the next.
func (l *load) checkWaves(d *draft) {
	l.checkSharedWaves(d)
	all := d.waves()
	if len(all) < 2 {
		return
	}
	for _, w := range all {
		at := d.rolloutOf(w)
		members := d.waveOf(w)
		if len(members) > maxWave {
			l.report.at(at, "Too many directors in a wave", fmt.Sprintf("Wave %d has %d directors, and those of the waves beside it ask each of them: at most %d are possible. Divide it into several waves.", w, len(members), maxWave))
		}
		var mute []string
		for _, m := range members {
			if !m.Def.Reachable() {
				mute = append(mute, m.Def.Name)
			}
		}
		if len(mute) > 0 {
			l.report.at(at, "Wave with a director that cannot be asked", fmt.Sprintf(
				"Clusters are ordered by waves, so directors ask each other how far they are, and these have no endpoint or no public_key: %s. Write both (lbsync keygen makes a key), or remove wave.", strings.Join(mute, ", ")))
		}
	}
}

// rolloutOf is where a wave is written first, or the first cluster that is in it by default.
func (d *draft) rolloutOf(wave int) Pos {
	var first Pos
	for i := range d.Clusters {
		c := &d.Clusters[i]
		if c.Rollout.Wave != wave {
			continue
		}
		if c.Rollout.At != (Mark{}) {
			return c.Place.Pos(c.Rollout.At)
		}
		if first == (Pos{}) {
			first = c.Place.Pos(c.At)
		}
	}
	return first
}

// checkSharedWaves finds directors whose clusters are in several waves.
func (l *load) checkSharedWaves(d *draft) {
	of := map[string]*Cluster{}
	for i := range d.Clusters {
		c := &d.Clusters[i]
		for _, name := range c.Directors {
			first := of[name]
			switch {
			case first == nil:
				of[name] = c
			case first.Rollout.Wave != c.Rollout.Wave:
				at := c.Rollout.At
				if at == (Mark{}) {
					at = c.At
				}
				l.report.at(c.Place.Pos(at), "Director in two waves", fmt.Sprintf(
					"Director %q is in cluster %q too, whose wave is %d, and this one's is %d: a director applies a commit as a whole, so write the same wave in both.", name, first.Name, first.Rollout.Wave, c.Rollout.Wave))
			}
		}
	}
}
