package schema

import (
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/zclconf/go-cty/cty"
)

func TestNearest(t *testing.T) {
	names := []string{"address", "addresses", "port", "ports", "scheduler", "forwarding", "fwmark"}
	for word, want := range map[string]string{
		"adress": "address", "shceduler": "scheduler", "prot": "port", "port": "port", "forward": "forwarding", "fwmarks": "fwmark",
		"colour": "", "x": "", "": "",
	} {
		if got := Nearest(word, names); got != want {
			t.Errorf("Nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

// TestFunctions has an example of each function.
func TestFunctions(t *testing.T) {
	examples := map[string]string{
		"abs": `abs(-3) == 3`, "alltrue": `alltrue([true, 1 == 1]) && alltrue([]) && !alltrue([true, false])`, "anytrue": `anytrue([false, true]) && !anytrue([])`,
		"cidrcontains": `cidrcontains("192.0.2.0/24", "192.0.2.9/32") && cidrcontains("2001:db8::/32", "2001:db8::1") && !cidrcontains("192.0.2.0/24", "192.0.3.1") && !cidrcontains("192.0.2.0/24", "192.0.2.0/23")`,
		"startswith":   `startswith("web_1", "web_") && !startswith("a", "ab")`, "endswith": `endswith("web_1", "_1")`, "sum": `sum([1, 2, 3]) == 6 && sum([]) == 0`, "can": `can(1 + 1) && !can([][0])`, "ceil": `ceil(1.2) == 2`, "cidrhost": `cidrhost("2001:db8::/64", -1) == "2001:db8::ffff:ffff:ffff:ffff"`,
		"cidrnetmask": `cidrnetmask("192.0.2.0/26") == "255.255.255.192"`, "cidrsubnet": `cidrsubnet("10.0.0.0/8", 16, 258) == "10.1.2.0/24"`,
		"coalesce": `coalesce(null, "a") == "a"`, "concat": `concat([1], [2]) == [1, 2]`, "contains": `contains([1, 2], 2)`, "distinct": `distinct(["a", "a"]) == distinct(["a"])`,
		"element": `element([1, 2], 3) == 2`, "file": `file("x") == "text of x"`, "flatten": `flatten([[1], [2]]) == [1, 2]`, "floor": `floor(1.8) == 1`,
		"format": `format("%03d", 7) == "007"`, "formatlist": `formatlist("%s:80", ["a", "b"])[1] == "b:80"`, "join": `join(",", ["a", "b"]) == "a,b"`,
		"jsondecode": `jsondecode("{\"a\": [1]}").a[0] == 1`, "keys": `keys({ b = 1, a = 2 }) == ["a", "b"]`, "length": `length([1, 2]) == 2 && length("é") == 1 && length({ a = 1 }) == 1`,
		"lookup": `lookup({ a = 1 }, "b", 2) == 2`, "lower": `lower("A") == "a"`, "max": `max(1, 3, 2) == 3`, "merge": `merge({ a = 1 }, { a = 2 }).a == 2`, "min": `min(2, 1) == 1`,
		"range": `length(range(1, 5)) == 4`, "replace": `replace("a.b", ".", "-") == "a-b"`, "reverse": `reverse([1, 2]) == [2, 1]`, "setproduct": `length(setproduct(["a", "b"], ["c"])) == 2`,
		"slice": `slice([1, 2, 3], 1, 2) == [2]`, "sort": `sort(["b", "a"])[0] == "a"`, "split": `split(",", "a,b")[1] == "b"`, "tonumber": `tonumber("7") == 7`,
		"toset": `length(toset(["a", "a"])) == 1`, "tostring": `tostring(7) == "7"`, "try": `try([][0], 5) == 5`, "upper": `upper("a") == "A"`, "values": `values({ b = 1, a = 2 }) == [2, 1]`,
		"zipmap": `zipmap(["a"], [1]).a == 1`, "secret": `true || secret("x") == ""`,
	}
	for _, name := range Functions() {
		e, diags := hclsyntax.ParseExpression([]byte(examples[name]), "x", hcl.InitialPos)
		if diags.HasErrors() {
			t.Errorf("%s: no example: %s", name, diags)
			continue
		}
		d := NewDecoder(&Env{Locals: cty.EmptyObjectVal, File: func(name string) (string, error) { return "text of " + name, nil }})
		v, _ := d.Evaluate(e).Unmark()
		if !d.Clean() || !v.RawEquals(cty.True) {
			t.Errorf("%s is %#v: %s", examples[name], v, d.Diags)
		}
	}
}

func TestSpan(t *testing.T) {
	for text, want := range map[string]string{
		"192.0.2.1": "192.0.2.1 192.0.2.1", "192.0.2.1-192.0.2.9": "192.0.2.1 192.0.2.9", "192.0.2.0/30": "192.0.2.0 192.0.2.3",
		"2001:db8::/126": "2001:db8:: 2001:db8::3", "2001:db8::1/128": "2001:db8::1 2001:db8::1",
	} {
		first, last, err := span(text)
		if got := first.String() + " " + last.String(); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", text, got, err, want)
		}
	}
}
