package spec

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/lbsync/lbsync/spec/internal/schema"
	"github.com/zclconf/go-cty/cty"
	ctyjson "github.com/zclconf/go-cty/cty/json"
)

// OwnRule is a policy of the fleet's own that can be asked.
type OwnRule struct {
	policy Placed[Policy]
	env    *schema.Env
	roots  map[string]bool // names that its expressions use
	used   map[string]bool // words of its texts: no other attribute of an element can be used
}

// expressions are those of a policy; nil where one is not written.
type expressions struct{ forEach, when, condition, message hclsyntax.Expression }

func (x *expressions) all() []hclsyntax.Expression {
	return slices.DeleteFunc([]hclsyntax.Expression{x.forEach, x.when, x.condition, x.message}, func(e hclsyntax.Expression) bool { return e == nil })
}

// NewOwnRule reads a policy that has a condition. There is no error for one that was just loaded.
func NewOwnRule(p Placed[Policy]) (*OwnRule, error) {
	r := &OwnRule{policy: p, env: &schema.Env{Locals: cty.EmptyObjectVal, Names: map[string]bool{}}, roots: map[string]bool{}, used: map[string]bool{}}
	if p.Def.Locals != nil {
		v, err := ctyjson.Unmarshal(p.Def.Locals, cty.DynamicPseudoType)
		if err != nil {
			return nil, fmt.Errorf("policy %q: read its locals: %w", p.Def.Name, err)
		}
		r.env.Locals = v
		for name := range attributeTypes(v.Type()) {
			r.env.Names[name] = true
		}
	}
	x, err := r.parse()
	if err != nil {
		return nil, fmt.Errorf("policy %q: %w", p.Def.Name, err)
	}
	for _, e := range x.all() {
		for _, t := range e.Variables() {
			r.roots[t.RootName()] = true
		}
	}
	return r, nil
}

// parse reads the texts. Each run needs trees of its own, since evaluation is metered in them.
func (r *OwnRule) parse() (*expressions, error) {
	x, p := &expressions{}, r.policy.Def
	for _, part := range []struct {
		from Expression
		to   *hclsyntax.Expression
	}{{p.ForEach, &x.forEach}, {p.When, &x.when}, {p.Condition, &x.condition}, {p.Message, &x.message}} {
		if part.from.Text == "" {
			continue
		}
		at := r.policy.Place.Pos(part.from.At)
		e, diags := hclsyntax.ParseExpression([]byte(part.from.Text+"\n"), at.File, hcl.Pos{Line: int(at.Line), Column: int(at.Col)})
		if diags.HasErrors() {
			return nil, diags
		}
		*part.to = e
		for word := range strings.FieldsFuncSeq(part.from.Text, func(c rune) bool { return c != '_' && !unicode.IsLetter(c) && !unicode.IsDigit(c) }) {
			r.used[word] = true
		}
	}
	return x, nil
}

// Uses says whether the rule looks at a collection, or at "commit".
func (r *OwnRule) Uses(name string) bool { return r.roots[name] }

// Case is one element for which a rule does not hold.
type Case struct {
	Key     string // each.key; "" where the rule is asked once
	At      Pos    // where the element is declared; zero if it is no element of a collection
	Message string
	Failed  *hcl.Diagnostic // the rule could not be asked: why
}

// Ask finds where the rule does not hold; more is how many cases there are besides. Where it cannot be asked, that is the last case.
// expired says that there is no time left; nil: there always is.
func (r *OwnRule) Ask(s *Subject, expired func() bool) (cases []Case, more int) {
	x, err := r.parse()
	if err != nil {
		panic(err) // it was read before
	}
	a := &asking{OwnRule: r, expressions: x, subject: s, d: newDecoder(r.env)}
	a.d.Expired = expired
	roots, diag := a.values()
	if diag != nil {
		return []Case{a.failed("", Pos{}, diag)}, 0
	}
	a.d.Bind(roots, a.ask)
	return a.cases, a.more
}
