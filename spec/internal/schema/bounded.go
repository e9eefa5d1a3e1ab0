package schema

import (
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// bounded refuses a call whose result would be too large before it is computed: these functions can make much from little.
func bounded(f function.Function, size func(args []cty.Value) int) function.Function {
	check := func(args []cty.Value) error {
		for _, a := range args {
			if !a.IsWhollyKnown() {
				return nil
			}
		}
		if n := size(args); n > MaxText {
			return function.NewArgErrorf(0, "the result would be too large: at most %d bytes or %d elements are possible", MaxText, MaxElements)
		}
		return nil
	}
	return function.New(&function.Spec{
		Params: f.Params(), VarParam: f.VarParam(),
		Type: func(args []cty.Value) (cty.Type, error) {
			if err := check(args); err != nil {
				return cty.NilType, err
			}
			return f.ReturnTypeForValues(args)
		},
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) { return f.Call(args) },
	})
}

// text is an upper bound of a value's length as a string.
func text(v cty.Value) int {
	v, _ = v.Unmark()
	switch {
	case v.IsNull() || !v.IsKnown():
		return 0
	case v.Type() == cty.String:
		return len(v.AsString())
	case v.CanIterateElements():
		n := 0
		for it := v.ElementIterator(); it.Next(); {
			_, e := it.Element()
			n += text(e)
		}
		return n
	}
	return 200 // a number has 512 bits
}

// formatSize assumes that each verb shows the longest argument.
func formatSize(args []cty.Value) int {
	longest := 0
	for _, a := range args[1:] {
		longest = max(longest, text(a))
	}
	return text(args[0]) + verbs(args[0])*longest
}

func verbs(format cty.Value) int {
	if format.Type() != cty.String || format.IsNull() {
		return 0
	}
	return strings.Count(format.AsString(), "%")
}

func formatListSize(args []cty.Value) int {
	n := 1
	for _, a := range args {
		n = max(n, count(a))
	}
	return n * (16 + formatSize(args))
}

func joinSize(args []cty.Value) int {
	n := 0
	for _, a := range args[1:] {
		n += text(a) + count(a)*text(args[0])
	}
	return n
}

func replaceSize(args []cty.Value) int {
	for _, a := range args {
		if a.IsNull() {
			return 0
		}
	}
	s := args[0].AsString()
	return len(s) + strings.Count(s, args[1].AsString())*text(args[2])
}

func productSize(args []cty.Value) int {
	n := MaxText / MaxElements
	for _, a := range args {
		if n *= count(a); n > MaxText {
			return n
		}
	}
	return n
}

func count(v cty.Value) int {
	if v, _ = v.Unmark(); v.IsNull() || !v.IsKnown() || !v.CanIterateElements() {
		return 1
	}
	return v.LengthInt()
}
