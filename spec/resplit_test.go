package spec

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/lbsync/lbsync/spec/internal/scan"
	"pgregory.net/rapid"
)

// split is all of a text, read without knowing an earlier one.
func (s seeds) splitAll(text []byte) ([]block, bool) {
	items, problem := scan.Split(text, splitOptions)
	var out []block
	for _, it := range items {
		out = append(out, s.block(text, it, ""))
	}
	return out, problem == nil
}

var snippets = []string{
	"", "\n", "x = 1\n", "  virtual_server \"n\" {\n    a = 1\n  }\n", "}", "{", "\"", "/* ", " */", "# c\n", "  }\n", "[for x in y : x]", "\xff", "${", "<<EOT\n", "EOT\n", "é",
	"cluster \"d\" {\n  virtual_server \"m\" {\n  }\n}\n", "vrrp_instance \"i\" {\n}\n", "-",
}

func anyText(t *rapid.T) string {
	var b strings.Builder
	b.WriteString("director \"a\" {}\n")
	for c := range rapid.IntRange(1, 2).Draw(t, "clusters") {
		fmt.Fprintf(&b, "cluster \"c%d\" {\n  directors = [\"a\"]\n", c)
		for s := range rapid.IntRange(0, 4).Draw(t, "servers") {
			b.WriteString(rapid.SampledFrom([]string{"", "\n", "  # note\n", "  owner = 1\n"}).Draw(t, "between"))
			fmt.Fprintf(&b, "  virtual_server \"s%d\" {\n    address = \"192.0.2.%d\"\n  }\n", s, s)
		}
		b.WriteString("  timeouts {\n  }\n}\nlocals {}\n")
	}
	return b.String()
}

// What resplit finds is what a whole look finds: the same blocks at the same places with the same keys, and units only with equal keys.
func TestResplitIsSplit(t *testing.T) {
	s, resplit := newSeeds(), 0
	rapid.Check(t, func(t *rapid.T) {
		old := anyText(t)
		blocks, ok := s.splitAll([]byte(old))
		if !ok {
			t.Fatal("the generated text has a mistake")
		}
		mark(blocks)
		from := rapid.IntRange(0, len(old)).Draw(t, "from")
		to := min(len(old), from+rapid.IntRange(0, 60).Draw(t, "removed"))
		text := []byte(old[:from] + rapid.SampledFrom(snippets).Draw(t, "put") + old[to:])
		got, ok := s.resplit(&content{text: []byte(old), blocks: blocks}, text)
		if !ok {
			return
		}
		resplit++
		want, sound := s.splitAll(text)
		if !sound {
			t.Fatalf("a mistake was passed over in %q", text)
		}
		if units(got); !reflect.DeepEqual(got, want) {
			t.Fatalf("%q\ngot  %+v\nwant %+v", text, got, want)
		}
	})
	if resplit == 0 {
		t.Error("no text could be split by its difference")
	}
}

// mark gives each block a unit that names its key.
func mark(blocks []block) {
	for i := range blocks {
		blocks[i].unit = &unit{def: blocks[i].key}
		mark(blocks[i].kids)
	}
}

// units takes the units away, and panics where one is not that of the block's key.
func units(blocks []block) {
	for i := range blocks {
		if u := blocks[i].unit; u != nil && u.def != blocks[i].key {
			panic("a block has the unit of another text")
		}
		blocks[i].unit = nil
		units(blocks[i].kids)
	}
}
