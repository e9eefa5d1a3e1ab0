package spec

import (
	"time"

	"github.com/lbsync/lbsync/spec/internal/schema"
)

// second is a second in the unit of schema's ranges of durations.
const second = int64(time.Second)

// perDirector is an attribute that may differ between directors.
func perDirector[T any](v schema.Value, get func(schema.Value) T) PerDirector[T] {
	p := PerDirector[T]{At: Mark(v.At)}
	if v.By == nil {
		one := get(v)
		p.All = &one
		return p
	}
	p.By = make(map[string]T, len(v.By))
	for name, e := range v.By {
		p.By[name] = get(e)
	}
	return p
}

func text(v schema.Value) string { return v.Str }

func number[T ~uint8 | ~uint16 | ~uint32 | ~int16 | ~int32](v schema.Value) T { return T(v.Int) }

func texts(v schema.Value) []string {
	out := make([]string, len(v.List))
	for i, e := range v.List {
		out[i] = e.Str
	}
	return out
}

// word is the value of an enumeration whose words the attribute's table lists.
func word[T ~uint8](n names[T], v schema.Value) T {
	var out T
	if err := n.parse(&out, []byte(v.Str)); err != nil {
		panic(err) // the table allows a word that the enumeration does not have
	}
	return out
}
