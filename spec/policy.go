package spec

import (
	"fmt"
	"strings"

	"github.com/lbsync/lbsync/spec/internal/schema"
)

// Policy is the block `policy "NAME"`: a rule of the fleet's own; or, without a condition, the level of a built-in rule, and who may
// override it.
type Policy struct {
	Name         string
	Level        Level
	Leveled      bool // the level is written
	ForEach      Expression
	When         Expression
	Condition    Expression
	Message      Expression
	OverriddenBy []string // addresses of authors, in lower case
	Locals       []byte   // the values of the locals that it uses, as cty's JSON with types; nil: it uses none
	At           Mark
}

// Expression is the text of an expression, and where it stands. A text is kept instead of its tree, since it is also part of the state
// on disk.
type Expression struct {
	Text string // "": not written
	At   Mark
}

// Own says whether it is a rule of the fleet's own.
func (p *Policy) Own() bool { return p.Condition.Text != "" }

// Same says whether two policies ask the same, wherever they stand and whatever their levels are.
func (p *Policy) Same(o *Policy) bool {
	return p.Name == o.Name && p.ForEach.Text == o.ForEach.Text && p.When.Text == o.When.Text && p.Condition.Text == o.Condition.Text &&
		p.Message.Text == o.Message.Text && string(p.Locals) == string(o.Locals)
}

// Asked is where the condition stands; the block, where there is none.
func (p *Policy) Asked() Mark {
	if p.Own() {
		return p.Condition.At
	}
	return p.At
}

// expressionField is an attribute that is kept as it is written.
func expressionField(name, doc string, get func(*Policy) *Expression) schema.Field[Policy] {
	return schema.Field[Policy]{
		Attr: schema.Attr{Name: name, Kind: schema.Expr, Doc: doc},
		Set:  func(p *Policy, v schema.Value) { *get(p) = Expression{v.Str, Mark(v.At)} },
	}
}

// policyExpressions are the attributes that are expressions.
var policyExpressions = []struct {
	name, doc string
	get       func(*Policy) *Expression
}{
	{"for_each", "A collection, or an expression that makes a list or map: the rule is asked for each element, which is each.value, with each.key. Once if not written",
		func(p *Policy) *Expression { return &p.ForEach }},
	{"when", "The rule is asked only when this is true", func(p *Policy) *Expression { return &p.When }},
	{"condition", "What must be true. A policy without one is about the built-in rule of its name", func(p *Policy) *Expression { return &p.Condition }},
	{"message", "What is said where it is not: what is wrong, and what to write instead", func(p *Policy) *Expression { return &p.Message }},
}

var policyBlock = schema.New(schema.Block[Policy]{
	Name:  "policy",
	Doc:   "A rule of your own that every commit must keep; or the level of a built-in rule. What expressions may use is listed under [What policies see](#what-policies-see).",
	Label: &schema.Field[Policy]{Attr: schema.Attr{Name: "NAME", MaxLen: 64, Doc: "Name of the rule, once in the fleet"}, Set: func(p *Policy, v schema.Value) { p.Name = v.Str }},
	Attrs: policyFields(),
	Check: checkPolicy,
})

func policyFields() []schema.Field[Policy] {
	out := []schema.Field[Policy]{
		{Attr: schema.Attr{Name: "level", Kind: schema.Word, Words: []string{"advise", "overridable", "deny"}, Doc: "What it means to break it: advise is said, and accepted; overridable is refused, unless a trailer of the commit says otherwise; deny is refused. Needed with a condition"},
			Set: func(p *Policy, v schema.Value) { p.Level, p.Leveled = word(levelNames, v), true }},
	}
	for _, x := range policyExpressions {
		out = append(out, expressionField(x.name, x.doc, x.get))
	}
	return append(out, schema.Field[Policy]{
		Attr: schema.Attr{Name: "overridden_by", List: true, MaxLen: 256, Doc: "Addresses of the authors whose commits may override it; with level overridable"},
		Set: func(p *Policy, v schema.Value) {
			for _, e := range v.List {
				p.OverriddenBy = append(p.OverriddenBy, strings.ToLower(e.Str))
			}
		},
	})
}

func checkPolicy(d *schema.Decoder, in *schema.Instance, p *Policy) {
	p.At = Mark(d.Mark(in.Header))
	for _, x := range policyExpressions {
		if in.Has(x.name) && !in.Has("condition") {
			d.Error(in.At(x.name), "Missing condition", fmt.Sprintf("A rule of your own has a condition, and without one only level and overridden_by are possible: write condition = …, or remove %s.", x.name))
			return
		}
	}
	for _, x := range []struct{ name, write string }{{"level", "level = one of advise, overridable, deny"}, {"message", `message = "what is wrong, and what to write instead"`}} {
		if p.Own() && !in.Has(x.name) {
			d.Error(in.Header, "Missing "+x.name, fmt.Sprintf("A rule of your own needs level, condition and message: write %s.", x.write))
			return
		}
	}
	if p.Leveled && p.Level != Overridable && in.Has("overridden_by") {
		d.Error(in.At("overridden_by"), "overridden_by without its level", fmt.Sprintf("A rule of level %s is never overridden: write level = \"overridable\", or remove overridden_by.", p.Level))
	}
	for _, a := range p.OverriddenBy {
		if user, host, ok := strings.Cut(a, "@"); !ok || user == "" || host == "" {
			d.Error(in.At("overridden_by"), "Not an address", fmt.Sprintf("%q is no address of an author: write those of git, \"anna@example.org\".", a))
		}
	}
	if p.Own() {
		(&policyChecker{d: d, in: in, policy: p}).check()
	}
}
