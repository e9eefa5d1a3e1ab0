package spec

import (
	"iter"
	"time"

	"github.com/zclconf/go-cty/cty"
)

// Subject is what the policies of a fleet look at.
type Subject struct {
	Fleet   *Fleet
	Priors  []View              // what directors held before
	Changes map[string][]Change // by director: what the commit changes; nil: not known
	Commit  *Commit             // nil: there is none yet
}

// item is an element of a collection.
type item struct {
	key   string
	at    Pos // where it is declared
	value func(used map[string]bool) cty.Value
}

// collection is one of the collections that policies look at.
type collection struct {
	name, doc, key string // key says what each.key is
	attrs          []itemAttr
	items          func(*Subject) iter.Seq[item]
}

// itemAttr describes an attribute of the items.
type itemAttr struct {
	name string
	typ  cty.Type
	doc  string
}

// field is an attribute of items made from a T.
type field[T any] struct {
	itemAttr
	get func(*T) cty.Value
}

// collections are all there are, in the order of the reference.
var collections = []*collection{directorItems, clusterItems, instanceItems, virtualServerItems, realServerItems, changeItems}

// collectionOf makes a collection of what each yields.
func collectionOf[T any](name, doc, key string, fields []field[T], each func(*Subject) iter.Seq[sighted[T]]) *collection {
	c := &collection{name: name, doc: doc, key: key}
	for _, f := range fields {
		c.attrs = append(c.attrs, f.itemAttr)
	}
	c.items = func(s *Subject) iter.Seq[item] {
		return func(yield func(item) bool) {
			for x := range each(s) {
				if !yield(item{x.key, x.at, func(used map[string]bool) cty.Value { return valueOf(fields, used, &x.of) }}) {
					return
				}
			}
		}
	}
	return c
}

// sighted is a T with its key and where it is declared.
type sighted[T any] struct {
	key string
	at  Pos
	of  T
}

// valueOf is the object of those attributes that are used; nil is all.
func valueOf[T any](fields []field[T], used map[string]bool, x *T) cty.Value {
	attrs := make(map[string]cty.Value, len(used))
	for i := range fields {
		if f := &fields[i]; used == nil || used[f.name] {
			attrs[f.name] = f.get(x)
		}
	}
	return cty.ObjectVal(attrs)
}

// typ is the type of the items; used as for valueOf.
func (c *collection) typ(used map[string]bool) cty.Type {
	attrs := map[string]cty.Type{}
	for _, a := range c.attrs {
		if used == nil || used[a.name] {
			attrs[a.name] = a.typ
		}
	}
	return cty.Object(attrs)
}

// whole is a collection as one value.
func (c *collection) whole(s *Subject, used map[string]bool) cty.Value {
	all := map[string]cty.Value{}
	for x := range c.items(s) {
		all[x.key] = x.value(used)
	}
	if len(all) == 0 {
		return cty.MapValEmpty(c.typ(used))
	}
	return cty.MapVal(all)
}

// The types of attributes.
var (
	textsType   = cty.List(cty.String)
	numbersType = cty.Map(cty.Number)
	wordsType   = cty.Map(cty.String)
)

func isText[T any](name, doc string, get func(*T) string) field[T] {
	return field[T]{itemAttr{name, cty.String, doc}, func(x *T) cty.Value { return cty.StringVal(get(x)) }}
}

// isTextOrNull is null instead of "".
func isTextOrNull[T any](name, doc string, get func(*T) string) field[T] {
	return field[T]{itemAttr{name, cty.String, doc + "; null if there is none"}, func(x *T) cty.Value { return textOrNull(get(x)) }}
}

func isNumber[T any](name, doc string, get func(*T) int64) field[T] {
	return field[T]{itemAttr{name, cty.Number, doc}, func(x *T) cty.Value { return cty.NumberIntVal(get(x)) }}
}

// isSeconds is a duration.
func isSeconds[T any](name, doc string, get func(*T) time.Duration) field[T] {
	return field[T]{itemAttr{name, cty.Number, doc + ", in seconds"}, func(x *T) cty.Value { return secondsValue(get(x)) }}
}

func isBool[T any](name, doc string, get func(*T) bool) field[T] {
	return field[T]{itemAttr{name, cty.Bool, doc}, func(x *T) cty.Value { return cty.BoolVal(get(x)) }}
}

func isTexts[T any](name, doc string, get func(*T) []string) field[T] {
	return field[T]{itemAttr{name, textsType, doc}, func(x *T) cty.Value { return textsValue(get(x)) }}
}

func isValue[T any](name string, typ cty.Type, doc string, get func(*T) cty.Value) field[T] {
	return field[T]{itemAttr{name, typ, doc}, get}
}

func textOrNull(s string) cty.Value {
	if s == "" {
		return cty.NullVal(cty.String)
	}
	return cty.StringVal(s)
}

func secondsValue(d time.Duration) cty.Value {
	if d%time.Second == 0 {
		return cty.NumberIntVal(int64(d / time.Second))
	}
	return cty.NumberFloatVal(d.Seconds())
}

func textsValue(all []string) cty.Value {
	return listValue(cty.String, all, cty.StringVal)
}

func listValue[T any](of cty.Type, all []T, value func(T) cty.Value) cty.Value {
	if len(all) == 0 {
		return cty.ListValEmpty(of)
	}
	out := make([]cty.Value, len(all))
	for i, x := range all {
		out[i] = value(x)
	}
	return cty.ListVal(out)
}

func mapValue[T any](of cty.Type, all map[string]T, value func(T) cty.Value) cty.Value {
	if len(all) == 0 {
		return cty.MapValEmpty(of)
	}
	out := make(map[string]cty.Value, len(all))
	for k, x := range all {
		out[k] = value(x)
	}
	return cty.MapVal(out)
}

// byDirector is what a per-director attribute is for each of some directors.
func byDirector[T any](of cty.Type, p PerDirector[T], directors []string, value func(T) cty.Value) cty.Value {
	all := make(map[string]T, len(directors))
	for _, d := range directors {
		if v, ok := p.For(d); ok {
			all[d] = v
		}
	}
	return mapValue(of, all, value)
}
