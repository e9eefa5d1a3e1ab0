package spec_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lbsync/lbsync/spec"
	"github.com/rogpeppe/go-internal/txtar"
)

// FuzzLoad: whatever is written, there is a fleet or there are errors, and every message has its place and its text.
func FuzzLoad(f *testing.F) {
	for _, name := range []string{"virtual_server", "connection_sync", "vrrp_instance", "locals", "fleet", "real_server", "policy"} {
		a, err := txtar.ParseFile("testdata/" + name + ".txtar")
		if err != nil {
			f.Fatal(err)
		}
		template := "@@\n"
		for _, file := range a.Files {
			if file.Name == "template.hcl" {
				template = string(file.Data)
			} else if strings.HasSuffix(file.Name, ".hcl") {
				f.Add([]byte(strings.Replace(template, "@@\n", string(file.Data), 1)))
			}
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		fleet, _, diags := spec.LoadFS(fstest.MapFS{"x.hcl": {Data: src}})
		if (fleet == nil) != diags.HasErrors() {
			t.Fatal("neither a fleet nor errors, or both", diags)
		}
		for _, d := range diags {
			if d.Subject == nil || d.Summary == "" || d.Detail == "" {
				t.Fatalf("%+v", d)
			}
			if s := d.Subject; s.Filename == "x.hcl" && (s.Start.Byte < 0 || s.End.Byte > len(src) || s.Start.Byte > s.End.Byte || s.Start.Line < 1) {
				t.Fatalf("%s: %s, of %d bytes: %d to %d", d.Summary, s, len(src), s.Start.Byte, s.End.Byte)
			}
		}
		if fleet != nil {
			for _, dir := range fleet.Directors {
				v, _ := fleet.Director(dir.Def.Name)
				if _, err := v.Encode(); err != nil {
					t.Fatal(err)
				}
			}
		}
		spec.FormatHCL(src)
	})
}

// bombs are inputs that cost hcl seconds, gigabytes or the process.
var bombs = map[string]string{
	"brackets":         "locals { a = " + strings.Repeat("[", 1_000_000),
	"braces":           strings.Repeat("a {\n", 1_000_000),
	"templates":        "locals { a = " + strings.Repeat("\"${", 300_000),
	"negations":        "locals { a = " + strings.Repeat("-", 1_000_000) + "1 }",
	"nots":             "locals { a = " + strings.Repeat("!", 400_000) + "true }",
	"ternaries":        "locals { a = (" + strings.Repeat("true ? 1 :\n", 30_000) + "2) }",
	"sums":             "locals { a = 1" + strings.Repeat("+1", 200_000) + " }",
	"directives":       "locals { a = \"" + strings.Repeat("%{ if true }", 30_000) + "\" }",
	"indexes":          "locals { a = b" + strings.Repeat("[0]", 100_000) + " }",
	"splats":           "locals { a = b" + strings.Repeat(".*.c", 100_000) + " }",
	"digits":           "locals { a = " + strings.Repeat("1", 1_000_000) + " }",
	"exponent":         "locals { a = \"${1e100000000}\" }",
	"exponent in text": "locals { a = \"x${\"1e100000000\" * 1}\" }",
	"exponent as key":  "locals { a = { (\"1e100000000\" * 1) = 1 } }",
	"exponent joined":  "locals { a = lower(\"1e100000000\" * 1) }",
	"exponent by ?":    "locals { a = true ? \"1e100000000\" * 1 : \"x\" }",
	"tostring":         "locals { a = tostring(tonumber(\"1e100000000\")) }",
	"jsondecode":       "locals { a = tostring(jsondecode(\"1e100000000\")) }",
	"range":            "locals { a = range(1000000000) }",
	"loops":            "locals { a = [for x in range(1000) : [for y in range(1000) : [x, y, x, y]]] }",
	"loops and splats": "locals {\n l = [for x in range(1000) : { a = x }]\n a = [for x in range(1000) : [for y in local.l : local.l[*].a]]\n}",
	"products":         "locals { a = setproduct(range(1000), range(1000), range(1000)) }",
	"replace":          "locals {\n t = format(\"%0900d\", 0)\n a = replace(local.t, \"0\", replace(local.t, \"0\", local.t))\n}",
	"join":             "locals { a = join(format(\"%09000d\", 0), [for x in range(1000) : \"x\"]) }",
	"format":           "locals { a = format(join(\"\", [for x in range(1000) : \"%[1]s\"]), format(\"%09000d\", 0)) }",
	"doubling":         "locals {\n a0 = \"0123456789\"\n" + doubling() + "}",
	"long template":    "locals {\n t = format(\"%060000d\", 0)\n a = \"" + strings.Repeat("${local.t}", 30_000) + "\"\n}",
	"squares":          "locals {\n a0 = 1e99\n" + squares() + "}",
	"dynamic":          "cluster \"c\" {\n dynamic \"virtual_server\" {\n  for_each = range(1000)\n  content {\n   dynamic \"real_server\" {\n    for_each = range(1000)\n    content { weight = length([for x in range(1000) : x]) }\n   }\n  }\n }\n}",
	"newlines":         "locals {" + strings.Repeat("\n", 4_000_000) + "}",
	"labels":           strings.Repeat("cluster \"c\" {}\n", 100_000),
	"cycle":            "locals {\n" + ring(2000) + "}",
	"directors":        strings.Repeat("director \"a\" {}\n", 300_000),
	"members":          many("director \"d%d\" {}\n", 15_000) + many("cluster \"c%d\" { directors = [\"d0\", \"dx%[1]d\"] }\n", 15_000),
	"references":       "locals {\n" + many(" name_of_local_%d = 1\n", 4000) + "}\n" + many("director \"d%d\" { endpoint = local.nam_of_locl_%[1]d }\n", 20_000),
	"one large list":   "cluster \"c\" { directors = [" + many("\"d%d\",", 40_000) + "] }",
	"heredocs":         strings.Repeat("locals { a = <<E\n${\n", 100_000),
	"large":            strings.Repeat("# comment\n", 2_000_000),
}

func doubling() (s string) {
	for i := range 30 {
		s += fmt.Sprintf(" a%d = \"${local.a%d}${local.a%d}\"\n", i+1, i, i)
	}
	return s
}

func squares() (s string) {
	for i := range 30 {
		s += fmt.Sprintf(" a%d = local.a%d * local.a%d\n", i+1, i, i)
	}
	return s + " text = \"x${local.a30}\"\n"
}

func many(format string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, format, i)
	}
	return b.String()
}

func ring(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, " x%d = local.x%d\n", i, (i+1)%n)
	}
	return b.String()
}

// TestBombs: hostile input is refused with a message. That it is refused soon is seen by the test ending at all.
func TestBombs(t *testing.T) {
	for name, src := range bombs {
		t.Run(name, func(t *testing.T) {
			fleet, _, diags := spec.LoadFS(fstest.MapFS{"x.hcl": {Data: []byte(src)}})
			if fleet != nil {
				t.Error("it was taken")
			}
			if len(diags) > spec.MaxShown+1 {
				t.Errorf("%d messages", len(diags))
			}
		})
	}
}
