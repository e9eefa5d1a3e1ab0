package schema

import (
	"maps"
	"slices"

	"github.com/hashicorp/hcl/v2/ext/tryfunc"
	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/function/stdlib"
)

// functions are what expressions may call. file records what it read, since the result then depends on it.
func (d *Decoder) functions() map[string]function.Function {
	fs := maps.Clone(functions)
	fs["file"] = d.fileFunc()
	return fs
}

var functions = map[string]function.Function{
	"abs":          stdlib.AbsoluteFunc,
	"alltrue":      allTrue,
	"anytrue":      anyTrue,
	"can":          tryfunc.CanFunc,
	"ceil":         stdlib.CeilFunc,
	"cidrcontains": cidrContains,
	"cidrhost":     cidrHost,
	"cidrnetmask":  cidrNetmask,
	"cidrsubnet":   cidrSubnet,
	"coalesce":     stdlib.CoalesceFunc,
	"concat":       stdlib.ConcatFunc,
	"contains":     stdlib.ContainsFunc,
	"distinct":     stdlib.DistinctFunc,
	"endswith":     endsWith,
	"element":      stdlib.ElementFunc,
	"flatten":      stdlib.FlattenFunc,
	"floor":        stdlib.FloorFunc,
	"format":       bounded(stdlib.FormatFunc, formatSize),
	"formatlist":   bounded(stdlib.FormatListFunc, formatListSize),
	"join":         bounded(stdlib.JoinFunc, joinSize),
	"jsondecode":   stdlib.JSONDecodeFunc,
	"keys":         stdlib.KeysFunc,
	"length":       lengthFunc,
	"lookup":       stdlib.LookupFunc,
	"lower":        stdlib.LowerFunc,
	"max":          stdlib.MaxFunc,
	"merge":        stdlib.MergeFunc,
	"min":          stdlib.MinFunc,
	"range":        stdlib.RangeFunc, // at most 1024 elements
	"replace":      bounded(stdlib.ReplaceFunc, replaceSize),
	"reverse":      stdlib.ReverseListFunc,
	"secret":       secretFunc,
	"setproduct":   bounded(stdlib.SetProductFunc, productSize),
	"slice":        stdlib.SliceFunc,
	"sort":         stdlib.SortFunc,
	"startswith":   startsWith,
	"sum":          sumFunc,
	"split":        stdlib.SplitFunc,
	"tonumber":     stdlib.MakeToFunc(cty.Number),
	"toset":        stdlib.MakeToFunc(cty.Set(cty.DynamicPseudoType)),
	"tostring":     stdlib.MakeToFunc(cty.String),
	"try":          tryfunc.TryFunc,
	"upper":        stdlib.UpperFunc,
	"values":       stdlib.ValuesFunc,
	"zipmap":       stdlib.ZipmapFunc,
}

// Functions are the names of all functions, in order.
func Functions() []string {
	return slices.Sorted(maps.Keys((&Decoder{}).functions()))
}

// lengthFunc is the number of elements of a collection, or of characters of a string.
var lengthFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "value", Type: cty.DynamicPseudoType, AllowDynamicType: true}},
	Type:   function.StaticReturnType(cty.Number),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		v := args[0]
		switch {
		case v.Type() == cty.String:
			return stdlib.Strlen(v)
		case v.CanIterateElements():
			return cty.NumberIntVal(int64(v.LengthInt())), nil
		}
		return cty.NilVal, function.NewArgErrorf(0, "it has no length: a list, a set, a map or a string is wanted")
	},
})

// secretFunc is secret("name"): the name, marked.
var secretFunc = function.New(&function.Spec{
	Params: []function.Parameter{{Name: "name", Type: cty.String}},
	Type:   function.StaticReturnType(cty.String),
	Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		name := args[0].AsString()
		if !secretName(name) {
			return cty.NilVal, function.NewArgErrorf(0, "the name of a secret is made of letters, digits, - and _, as its file on the director is")
		}
		return args[0].Mark(secretMark(name)), nil
	},
})

func secretName(s string) bool {
	for _, c := range s {
		if !(c == '-' || c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			return false
		}
	}
	return s != "" && len(s) <= 64
}

// fileFunc is file("path"): the text of a file of the repository.
func (d *Decoder) fileFunc() function.Function {
	return function.New(&function.Spec{
		Params: []function.Parameter{{Name: "path", Type: cty.String}},
		Type:   function.StaticReturnType(cty.String),
		Impl: func(args []cty.Value, _ cty.Type) (cty.Value, error) {
			name := args[0].AsString()
			d.Files[name] = true
			if d.env.File == nil {
				return cty.NilVal, function.NewArgErrorf(0, "no file can be read from here")
			}
			text, err := d.env.File(name)
			if err != nil {
				return cty.NilVal, function.NewArgError(0, err)
			}
			return cty.StringVal(text), nil
		},
	})
}
