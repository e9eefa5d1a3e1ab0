package spec

import (
	"fmt"
	"strings"
	"unicode"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/lbsync/lbsync/spec/internal/schema"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/convert"
)

// The limits of a rule. The steps bound time and memory alike on every machine; the clock of the caller is for what they miss.
const (
	maxAttempt = 2 * schema.MaxSteps // steps for one element
	maxRule    = 8 * schema.MaxSteps // steps for all
	maxWhole   = 200_000             // elements of a collection that is used as one value
	maxCases   = 20                  // that are said; the others are counted
	maxMessage = 1000                // bytes
)

// asking is one run of a rule.
type asking struct {
	*OwnRule
	*expressions
	subject *Subject
	d       *schema.Decoder
	cases   []Case
	more    int
	over    bool // it could not be asked
}

// values are those of the names that the rule uses. A collection that for_each names is gone through element by element instead.
func (a *asking) values() (map[string]cty.Value, *hcl.Diagnostic) {
	roots := map[string]cty.Value{}
	for _, e := range a.all() {
		if e == a.forEach && a.stream() != nil {
			continue
		}
		for _, t := range e.Variables() {
			if err := a.root(roots, t.RootName()); err != "" {
				rng := t.SourceRange()
				return nil, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Collection too large", Detail: err, Subject: &rng}
			}
		}
	}
	return roots, nil
}

func (a *asking) root(roots map[string]cty.Value, name string) string {
	if _, done := roots[name]; done {
		return ""
	}
	if name == "commit" && a.subject.Commit != nil {
		roots[name] = commitValue(a.subject.Commit)
	}
	for _, c := range collections {
		if c.name != name {
			continue
		}
		n := 0
		for range c.items(a.subject) {
			if n++; n > maxWhole {
				return fmt.Sprintf("There are more than %d %s: for_each = %s goes through them one by one.", maxWhole, name, name)
			}
		}
		roots[name] = c.whole(a.subject, a.used)
	}
	return ""
}

// stream is the collection that for_each names; nil if it is another expression.
func (a *asking) stream() *collection {
	t, ok := a.forEach.(*hclsyntax.ScopeTraversalExpr)
	if !ok || len(t.Traversal) > 1 {
		return nil
	}
	for _, c := range collections {
		if c.name == t.Traversal.RootName() {
			return c
		}
	}
	return nil
}

func (a *asking) ask() {
	if a.when != nil {
		yes, diag := a.truth(a.when, "when")
		if diag != nil {
			a.cases = append(a.cases, a.failed("", Pos{}, diag))
		}
		if !yes {
			return
		}
	}
	if a.forEach == nil {
		a.one("", Pos{})
		return
	}
	if c := a.stream(); c != nil {
		for x := range c.items(a.subject) {
			if !a.element(x.key, x.at, cty.StringVal(x.key), x.value(a.used)) {
				return
			}
		}
		return
	}
	a.elements()
}

// elements asks for each element of what for_each makes.
func (a *asking) elements() {
	a.d.Allow(maxAttempt)
	v, diag := a.d.Attempt(a.forEach)
	rng := a.forEach.Range()
	switch {
	case diag != nil:
	case !v.IsKnown():
		diag = &hcl.Diagnostic{Summary: "for_each is not known", Detail: notKnown, Subject: &rng}
	case v.IsNull() || !v.CanIterateElements():
		diag = &hcl.Diagnostic{Summary: "Wrong type of for_each", Detail: "for_each is a collection, a list or a map.", Subject: &rng}
	}
	if diag != nil {
		a.cases = append(a.cases, a.failed("", Pos{}, diag))
		return
	}
	for it := v.ElementIterator(); it.Next(); {
		k, e := it.Element()
		name := schema.Shown(k)
		if v.Type().IsSetType() {
			name = schema.Shown(e)
		}
		if !a.element(name, Pos{}, k, e) {
			return
		}
	}
}

// element asks for one element, and says whether to go on.
func (a *asking) element(name string, at Pos, key, value cty.Value) bool {
	each := cty.ObjectVal(map[string]cty.Value{"key": key, "value": value})
	a.d.Bind(map[string]cty.Value{"each": each}, func() { a.one(name, at) })
	return !a.over
}

// one asks once.
func (a *asking) one(name string, at Pos) {
	yes, diag := a.truth(a.condition, "condition")
	if yes {
		return
	}
	c := Case{Key: name, At: at}
	if diag == nil {
		if len(a.cases) >= maxCases {
			a.more++
			return
		}
		c.Message, diag = a.said()
	}
	if diag != nil {
		a.over = true
		c = a.failed(name, at, diag)
	}
	a.cases = append(a.cases, c)
}

const notKnown = "It depends on a value that is not one: port, address and forwarding of a virtual_server are not known where it has several. Use ports, addresses and real_servers."

// truth is a condition's value. What is neither true nor false is an error: the rule then does not hold.
func (a *asking) truth(e hclsyntax.Expression, name string) (bool, *hcl.Diagnostic) {
	v, diag := a.value(e)
	if diag != nil {
		return false, diag
	}
	v, err := convert.Convert(v, cty.Bool)
	rng, what := e.Range(), ""
	switch {
	case err != nil:
		what = name + " has to be true or false."
	case !v.IsKnown():
		what = notKnown
	case v.IsNull():
		what = name + " is null: compare with null before, value != null && …"
	default:
		return v.True(), nil
	}
	return false, &hcl.Diagnostic{Severity: hcl.DiagError, Summary: upperFirst(name) + " is neither true nor false", Detail: upperFirst(what), Subject: &rng}
}

func (a *asking) value(e hclsyntax.Expression) (cty.Value, *hcl.Diagnostic) {
	a.d.Allow(min(maxAttempt, maxRule-a.d.Spent))
	v, diag := a.d.Attempt(e)
	v, _ = v.Unmark() // there are no secrets: a local that is one was refused
	return v, diag
}

// said is the message, on one line.
func (a *asking) said() (string, *hcl.Diagnostic) {
	v, diag := a.value(a.message)
	if diag != nil {
		return "", diag
	}
	v, err := convert.Convert(v, cty.String)
	if err != nil || !v.IsKnown() || v.IsNull() {
		rng := a.message.Range()
		return "", &hcl.Diagnostic{Severity: hcl.DiagError, Summary: "Message is no text", Detail: "The condition does not hold, and message has no value that could be said: write it so that it always has one.", Subject: &rng}
	}
	return oneLine(v.AsString()), nil
}

// oneLine makes a text that anybody could have written fit to be shown: one line, nothing that a terminal obeys, and not too long.
func oneLine(s string) string {
	s = strings.Join(strings.Fields(strings.Map(func(c rune) rune {
		if unicode.IsControl(c) || unicode.In(c, unicode.Cf, unicode.Zl, unicode.Zp) {
			return ' '
		}
		return c
	}, s)), " ")
	if len(s) > maxMessage {
		s = strings.ToValidUTF8(s[:maxMessage], "") + "…"
	}
	return s
}

// failed is a case of a rule that could not be asked. The detail names the element.
func (a *asking) failed(name string, at Pos, diag *hcl.Diagnostic) Case {
	d := *diag
	d.Expression, d.EvalContext, d.Context = nil, nil, nil
	d.Detail = oneLine(d.Detail + attributeHint(diag))
	if name != "" {
		d.Detail += strings.TrimSuffix(fmt.Sprintf(" (For %s, %s", name, at), ", ") + ".)"
	}
	return Case{Key: name, At: at, Failed: &d}
}
