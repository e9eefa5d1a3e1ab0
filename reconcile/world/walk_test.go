package world

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
)

var (
	seedFlag  = flag.Uint64("seed", 0, "walk with this seed alone")
	seedsFlag = flag.Uint64("seeds", 2000, "walk with this many seeds")
)

// TestWalks takes worlds of two to five directors, too large to be searched, along random paths. -seed N repeats one, -seeds N or
// SIMULATION_SEEDS walks more.
func TestWalks(t *testing.T) {
	first, last := uint64(1), *seedsFlag
	if n, err := strconv.ParseUint(os.Getenv("SIMULATION_SEEDS"), 10, 64); err == nil {
		last = n
	}
	if *seedFlag > 0 {
		first, last = *seedFlag, *seedFlag
	}
	deciders := map[string]*search{}
	taken, broken := 0, 0
	for seed := first; seed <= last && broken < 5; seed++ {
		path, wrong := walk(seed, deciders)
		taken += len(path)
		if wrong != "" {
			broken++
			t.Errorf("seed %d: %s, after\n%s", seed, wrong, strings.Join(path, "\n"))
		}
	}
	t.Logf("%d seeds, %d steps", last-first+1, taken)
}

// walks are the branches that the directors follow. Deciders are shared, as what was decided once need not be decided again.
var walks = [][]commit{
	{before, weights, {web: 3, db: 1, syncid: 11}, {web: 3, db: 3, syncid: 11}},
	{before, both, {web: 3, db: 2, syncid: 12}},
	{before, syncid, syncid, {web: 1, db: 2, syncid: 12}},
	{before, {web: 2, db: 1, syncid: 11, bad: 6}, {web: 1, db: 2, syncid: 11, bad: 1}, weights},
	{before, {web: 2, db: 1, syncid: 11}, before, weights},
}

func walk(seed uint64, deciders map[string]*search) (path []string, wrong string) {
	rng := rand.New(rand.NewPCG(seed, 7))
	n, branch := 2+rng.IntN(most-1), rng.IntN(len(walks))
	key := fmt.Sprint(n, branch)
	s := deciders[key]
	if s == nil || len(s.known) > 20000 {
		s = searching(scenario{n: n, commits: walks[branch]}, mutant{})
		deciders[key] = s
	}
	w := s.begin([2]int{rng.IntN(n), rng.IntN(n)}, budget{pushes: int8(len(walks[branch]) - 1), crashes: int8(rng.IntN(4)), reboots: int8(rng.IntN(2)), moves: int8(rng.IntN(3)), releases: int8(rng.IntN(5) / 4)})
	path = append(path, fmt.Sprintf("# %d directors, %+v", n, walks[branch]))
	for left, tries := 10+rng.IntN(60), 0; left > 0 && tries < 2000; tries++ {
		st := s.steps[rng.IntN(len(s.steps))]
		after, possible := s.take(w, st)
		if !possible {
			continue
		}
		left--
		path = append(path, st.String())
		if why := s.wrong(&w, &after, st); why != "" {
			return path, why
		}
		after.hash()
		w = after
	}
	then, wrong := s.ends(w)
	return append(path, then...), wrong
}
