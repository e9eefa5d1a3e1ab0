package schema

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// value reads an attribute. It is false when the value is wrong, which is reported, or unknown.
func (d *Decoder) value(a *Attr, e hclsyntax.Expression) (Value, bool) {
	if a.Kind == Expr {
		rng := e.Range()
		return Value{Str: string(rng.SliceBytes(d.Text)), At: d.Mark(rng), Range: rng}, true
	}
	r := d.read(e)
	switch {
	case r.kind == rawUnknown:
		d.faults++
		return Value{}, false
	case r.kind == rawNull:
		d.Error(r.rng, "No value", a.Name+" is null: leave the attribute out, or give it a value.")
		return Value{}, false
	case a.Map || a.PerDirector && r.kind == rawMap:
		return d.mapped(a, r)
	case a.List:
		return d.listed(a, r)
	}
	return d.convert(a, r)
}

func (d *Decoder) mapped(a *Attr, r raw) (Value, bool) {
	v := Value{By: make(map[string]Value, len(r.keys)), At: d.Mark(r.rng), Range: r.rng}
	if r.kind != rawMap {
		d.wrong(a, r, "a map, { name = "+sample(a)+" }")
		return v, false
	}
	good := true
	for i, k := range r.keys {
		e, ok := d.convert(a, r.list[i])
		ok = d.visible(a, k) && ok
		if _, dup := v.By[k.str]; dup {
			d.Error(k.rng, "Second entry", fmt.Sprintf("%s has an entry %q already: remove one of the two.", a.Name, k.str))
			ok = false
		}
		v.By[k.str] = e
		good = good && ok
	}
	return v, good
}

func (d *Decoder) listed(a *Attr, r raw) (Value, bool) {
	v := Value{At: d.Mark(r.rng), Range: r.rng}
	if r.kind != rawList {
		d.wrong(a, r, "a list, ["+sample(a)+"]")
		return v, false
	}
	if len(r.list) > MaxElements {
		d.Error(r.rng, "List too long", fmt.Sprintf("%s has %d elements, and at most %d are possible: spread them over several blocks.", a.Name, len(r.list), MaxElements))
		return v, false
	}
	good := true
	v.List = make([]Value, len(r.list))
	for i := range r.list {
		e, ok := d.convert(a, r.list[i])
		v.List[i] = e
		good = good && ok
	}
	return v, good
}

// convert applies the kind of an attribute to one value.
func (d *Decoder) convert(a *Attr, r raw) (Value, bool) {
	v := Value{At: d.Mark(r.rng), Range: r.rng}
	if r.kind == rawUnknown {
		d.faults++
		return v, false
	}
	if r.kind == rawSecret && a.Kind != Secret {
		d.Error(r.rng, "Secret not allowed here", a.Name+" is part of the plan, which is shown and journaled: write the value itself, or leave it out.")
		return v, false
	}
	switch a.Kind {
	case Int:
		return v, d.integer(a, r, &v)
	case Percent:
		return v, d.percent(a, r, &v)
	case Bool:
		v.Bool = r.b
		return v, r.kind == rawBool || d.wrong(a, r, "true or false")
	case Text:
		return v, d.text(a, r, &v)
	case Secret:
		v.Str = r.str
		return v, r.kind == rawSecret || d.wrong(a, r, `secret("name"): the text itself stays out of git`)
	}
	if r.kind != rawString {
		return v, d.wrong(a, r, "a quoted "+kindWords[a.Kind]+", "+sample(a))
	}
	v.Str = r.str
	switch a.Kind {
	case Word:
		return v, d.word(a, r, &v)
	case String:
		return v, d.str(a, r)
	case Duration:
		return v, d.duration(a, r, &v)
	}
	return v, d.network(a, r, &v)
}

// wrong reports a value of another type.
func (d *Decoder) wrong(a *Attr, r raw, want string) bool {
	d.Error(r.rng, "Wrong type of "+a.Name, fmt.Sprintf("%s is %s: write %s.", a.Name, rawWords[r.kind], want))
	return false
}

var rawWords = [...]string{"unknown", "null", "a string", "a number", "a bool", "a list", "a map", "a secret"}

func (d *Decoder) integer(a *Attr, r raw, v *Value) bool {
	if r.kind != rawNumber {
		return d.wrong(a, r, "a number without quotes")
	}
	n, acc := r.num.Int64()
	if acc != big.Exact {
		d.Error(r.rng, "Not a whole number", a.Name+" is a whole number"+rangeHint(a)+".")
		return false
	}
	if n < a.Min || a.Max > 0 && n > a.Max {
		d.Error(r.rng, a.Name+" out of range", fmt.Sprintf("%s is %d: write a number from %d to %d.", a.Name, n, a.Min, a.Max))
		return false
	}
	v.Int = n
	return true
}

func (d *Decoder) percent(a *Attr, r raw, v *Value) bool {
	if r.kind != rawNumber {
		return d.wrong(a, r, "a number without quotes")
	}
	v.Num, _ = r.num.Float64()
	if v.Num < float64(a.Min) || v.Num > float64(a.Max) {
		d.Error(r.rng, a.Name+" out of range", fmt.Sprintf("%s is %s: write a number from %d to %d.", a.Name, r.num.Text('f', -1), a.Min, a.Max))
		return false
	}
	return true
}

func rangeHint(a *Attr) string {
	if s := a.Range(); s != "" {
		return " from " + s
	}
	return ""
}

// text keeps what may be a number for the kernel as the text that the kernel would show.
func (d *Decoder) text(a *Attr, r raw, v *Value) bool {
	switch r.kind {
	case rawString:
		v.Str = strings.Join(strings.Fields(r.str), " ")
		return d.visible(a, r)
	case rawNumber:
		v.Str = r.num.Text('f', -1)
	case rawBool:
		v.Str = map[bool]string{true: "1", false: "0"}[r.b]
	default:
		return d.wrong(a, r, "a string or a number")
	}
	return true
}

func (d *Decoder) word(a *Attr, r raw, v *Value) bool {
	i := slices.Index(a.Words, r.str)
	if i < 0 {
		d.Error(r.rng, "Unknown "+a.Name, fmt.Sprintf("%s %q is not known.%s", a.Name, r.str, didYouMean(strings.ToLower(r.str), a.Words)))
		return false
	}
	v.Str = a.Words[i]
	return true
}

func (d *Decoder) str(a *Attr, r raw) bool {
	if a.MaxLen > 0 && len(r.str) > a.MaxLen {
		d.Error(r.rng, a.Name+" too long", fmt.Sprintf("%s has %d characters: at most %d are possible, and nothing is cut off in silence.", a.Name, len(r.str), a.MaxLen))
		return false
	}
	if r.str == "" {
		d.Error(r.rng, "Empty "+a.Name, a.Name+" is empty: write its value, or leave the attribute out.")
		return false
	}
	return d.visible(a, r)
}

// visible refuses what cannot be seen, or turns the text around it: two names that look the same would be two objects, and a name
// could be shown as another (Unicode Technical Report 36). Newlines and tabs are what longer texts are made of.
func (d *Decoder) visible(a *Attr, r raw) bool {
	for _, c := range r.str {
		hidden := unicode.IsControl(c) && c != '\n' && c != '\t' || unicode.In(c, unicode.Cf, unicode.Zl, unicode.Zp)
		if hidden {
			d.Error(r.rng, "Control character", fmt.Sprintf("%s contains the control character %U, which cannot be seen: remove it.", a.Name, c))
			return false
		}
	}
	return true
}

func (d *Decoder) duration(a *Attr, r raw, v *Value) bool {
	t, err := time.ParseDuration(r.str)
	switch {
	case err != nil && isNumber(r.str):
		d.Error(r.rng, "Duration without a unit", fmt.Sprintf("%s %q has no unit: write \"%ss\" for seconds, or use ms, m or h.", a.Name, r.str, r.str))
		return false
	case err != nil:
		d.Error(r.rng, "Not a duration", fmt.Sprintf("%s %q is not a duration: write a number with a unit, \"500ms\", \"10s\", \"5m\" or \"1h\".", a.Name, r.str))
		return false
	case a.Max > 0 && (t < time.Duration(a.Min) || t > time.Duration(a.Max)):
		d.Error(r.rng, a.Name+" out of range", fmt.Sprintf("%s is %s: write a duration from %s to %s.", a.Name, r.str, Written(time.Duration(a.Min)), Written(time.Duration(a.Max))))
		return false
	case a.Step > 0 && t%a.Step != 0:
		d.Error(r.rng, a.Name+" too fine", fmt.Sprintf("%s goes in steps of %s: write \"%s\" or \"%s\".", a.Name, Written(a.Step), Written(t.Truncate(a.Step)), Written(t.Truncate(a.Step)+a.Step)))
		return false
	}
	v.Dur = t
	return true
}

func isNumber(s string) bool {
	_, err := strconv.ParseFloat(s, 64)
	return err == nil
}
