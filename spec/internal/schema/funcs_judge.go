package schema

import (
	"net/netip"
	"strings"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
)

// The functions that conditions are mostly made of.
var (
	startsWith = textTest("prefix", strings.HasPrefix)
	endsWith   = textTest("suffix", strings.HasSuffix)
	allTrue    = boolsTest(func(all []bool) bool {
		for _, b := range all {
			if !b {
				return false
			}
		}
		return true
	})
	anyTrue = boolsTest(func(all []bool) bool {
		for _, b := range all {
			if b {
				return true
			}
		}
		return false
	})
)

func textTest(name string, test func(s, part string) bool) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "text", Type: cty.String}, {Name: name, Type: cty.String}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			return cty.BoolVal(test(args[0].AsString(), args[1].AsString())), nil
		},
	})
}

func boolsTest(test func([]bool) bool) function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "list", Type: cty.List(cty.Bool)}},
		Type:   function.StaticReturnType(cty.Bool),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			var all []bool
			for it := args[0].ElementIterator(); it.Next(); {
				_, e := it.Element()
				switch {
				case !e.IsKnown():
					return cty.UnknownVal(cty.Bool), nil
				case e.IsNull():
					return cty.NilVal, function.NewArgErrorf(0, "one of them is null: true or false is wanted")
				}
				all = append(all, e.True())
			}
			return cty.BoolVal(test(all)), nil
		},
	})
}

// sumFunc adds numbers up; none are 0.
var sumFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "list", Type: cty.List(cty.Number)}},
	Type:   function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		total := cty.Zero
		for it := args[0].ElementIterator(); it.Next(); {
			_, e := it.Element()
			if e.IsKnown() && e.IsNull() {
				return cty.NilVal, function.NewArgErrorf(0, "one of them is null: numbers are wanted")
			}
			total = total.Add(e)
		}
		return total, nil
	},
})

// cidrContains says whether a network has an address, or another network, in it.
var cidrContains = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "prefix", Type: cty.String}, {Name: "address", Type: cty.String}},
	Type:   function.StaticReturnType(cty.Bool),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		net, err := netip.ParsePrefix(args[0].AsString())
		if err != nil {
			return cty.NilVal, function.NewArgErrorf(0, "%q is not a network such as \"192.0.2.0/24\"", args[0].AsString())
		}
		inner, err := prefix(args[1].AsString())
		if err != nil {
			return cty.NilVal, function.NewArgErrorf(1, "%q is neither an address nor a network", args[1].AsString())
		}
		return cty.BoolVal(net.Bits() <= inner.Bits() && net.Contains(inner.Addr())), nil
	},
})
