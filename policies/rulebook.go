package policies

import (
	"maps"
	"slices"

	"github.com/lbsync/lbsync/spec"
)

// rulebook is what the policy blocks of one commit say, by the name of the rule.
type rulebook map[string]spec.Placed[spec.Policy]

func newRulebook(all []spec.Placed[spec.Policy]) rulebook {
	b := rulebook{}
	for _, p := range all {
		b[p.Def.Name] = p
	}
	return b
}

// equal says whether two commits say the same, wherever it stands.
func (b rulebook) equal(o rulebook) bool {
	return maps.EqualFunc(b, o, func(x, y spec.Placed[spec.Policy]) bool {
		return x.Def.Same(y.Def) && x.Def.Level == y.Def.Level && x.Def.Leveled == y.Def.Leveled && slices.Equal(x.Def.OverriddenBy, y.Def.OverriddenBy)
	})
}

// level is that of a built-in rule.
func (b rulebook) level(p Policy) spec.Level {
	if x, ok := b[p.Name()]; ok && x.Def.Leveled && !x.Def.Own() {
		return x.Def.Level
	}
	return p.Level()
}

// allows says whether an author may override a rule.
func (b rulebook) allows(rule, email string) bool {
	x, ok := b[rule]
	return ok && slices.Contains(x.Def.OverriddenBy, email)
}

// own are the rules of the fleet's own, by name.
func (b rulebook) own() []spec.Placed[spec.Policy] {
	var out []spec.Placed[spec.Policy]
	for _, name := range slices.Sorted(maps.Keys(b)) {
		if b[name].Def.Own() {
			out = append(out, b[name])
		}
	}
	return out
}

// builtIn is the rule of the program of that name.
func builtIn(name string) (Policy, bool) {
	all := All()
	i := slices.IndexFunc(all, func(p Policy) bool { return p.Name() == name })
	if i < 0 {
		return nil, false
	}
	return all[i], true
}

func builtInNames() []string {
	var out []string
	for _, p := range All() {
		out = append(out, p.Name())
	}
	return out
}
