package source

import (
	"cmp"
	"slices"
)

// near gives the few names that look most like want, best first.
func near(want string, names []string) []string {
	const most = 3
	type scored struct {
		name string
		cost int
	}
	var all []scored
	for _, n := range names {
		all = append(all, scored{n, distance(want, n)})
	}
	slices.SortFunc(all, func(a, b scored) int {
		return cmp.Or(cmp.Compare(a.cost, b.cost), cmp.Compare(a.name, b.name))
	})
	var out []string
	for _, s := range all[:min(most, len(all))] {
		out = append(out, s.name)
	}
	return out
}

// distance is Levenshtein's: insertions, deletions and replacements of bytes.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			replace := diagonal
			if a[i] != b[j] {
				replace++
			}
			diagonal = row[j+1]
			row[j+1] = min(replace, row[j+1]+1, row[j]+1)
		}
	}
	return row[len(b)]
}
