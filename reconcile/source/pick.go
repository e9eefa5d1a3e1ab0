package source

import (
	"maps"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// target is what a Fetch asks for: the object of the tracked reference, or all objects that may lead to a commit.
type target struct {
	objects []plumbing.Hash
	search  bool // the commit is somewhere below the objects, not one of them
}

// pick finds the tracked revision among what the server has.
func pick(cfg Config, adv advert) (target, error) {
	if cfg.Commit != "" {
		return pickCommit(plumbing.NewHash(cfg.Commit), adv), nil
	}
	h, ok := adv.refs[cfg.ref()]
	if !ok {
		return target{}, &Error{Call: "find " + cfg.refText() + " in " + cfg.URL, Kind: ErrNoRef, Remedy: suggest(cfg, adv)}
	}
	return target{objects: []plumbing.Hash{h}}, nil
}

// pickCommit asks for the commit itself where the server hands it out, else for every branch and tag: most servers refuse an id that no name leads to
// (uploadpack.allowReachableSHA1InWant in git-config(1)).
func pickCommit(h plumbing.Hash, adv advert) target {
	if adv.anyID {
		return target{objects: []plumbing.Hash{h}}
	}
	all := map[plumbing.Hash]bool{}
	for _, v := range adv.refs {
		if v == h {
			return target{objects: []plumbing.Hash{h}}
		}
		all[v] = true
	}
	return target{objects: slices.Collect(maps.Keys(all)), search: true}
}

func suggest(cfg Config, adv advert) string {
	names := adv.short(cfg.ref().IsBranch())
	kind, other := "branches", "tag"
	if cfg.Tag != "" {
		kind, other = "tags", "branch"
	}
	swapped := plumbing.NewTagReferenceName(cfg.Branch)
	if cfg.Tag != "" {
		swapped = plumbing.NewBranchReferenceName(cfg.Tag)
	}
	if _, ok := adv.refs[swapped]; ok {
		return "there is a " + other + " of that name: set " + other + " instead"
	}
	if len(names) == 0 {
		return "the repository has no " + kind
	}
	return "nearest " + kind + ": " + strings.Join(near(cfg.Branch+cfg.Tag, names), ", ")
}

// short lists branches or tags without their prefix.
func (a advert) short(branches bool) []string {
	var out []string
	for name := range a.refs {
		if name.IsBranch() == branches {
			out = append(out, name.Short())
		}
	}
	return out
}
