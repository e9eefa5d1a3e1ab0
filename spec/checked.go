package spec

import "slices"

// Checked are the real servers of the view by the checks that they have, in order: several have one check where theirs are alike.
func (v View) Checked() map[Check][]DestKey {
	out := map[Check][]DestKey{}
	for i := range v.Clusters {
		for _, s := range v.Clusters[i].VirtualServers {
			for k := range s.Def.EachKey() {
				for n := range s.Def.RealServers {
					r := &s.Def.RealServers[n]
					for _, c := range s.Def.Checks(r, k) {
						out[c] = append(out[c], r.Key(k))
					}
				}
			}
		}
	}
	for c, all := range out {
		slices.SortFunc(all, DestKey.Compare)
		out[c] = slices.Compact(all) // one may have the same check twice
	}
	return out
}
