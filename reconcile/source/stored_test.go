package source

import (
	"strings"
	"testing"

	"github.com/go-git/go-git/v5/plumbing"
)

// TestStored: a pack of uncompressed objects of all kinds and sizes is one that git takes, and what it holds comes back.
func TestStored(t *testing.T) {
	o := newOrigin(t)
	tree := files{"site/empty.hcl": "", "site/a.hcl": "x"}
	for _, n := range []int{15, 16, 2047, 2048, 70_000} {
		tree["site/"+strings.Repeat("n", n%7+1)+".hcl"] = strings.Repeat("y", n)
	}
	id := o.push("main", "one", tree)
	m := open(t, config(t, o.dir))
	fetch(t, m)
	fsck(t, m)
	for name, want := range tree {
		if got := read(t, m, id, strings.TrimPrefix(name, "site/")); got != want {
			t.Errorf("%s has %d bytes, want %d", name, len(got), len(want))
		}
	}
}

// TestHeavyIsCompressed: what is more than a fleet goes through the encoder that stores differences.
func TestHeavyIsCompressed(t *testing.T) {
	o := newOrigin(t)
	h := o.blob(strings.Repeat("0123456789abcdef", mostStored/16+1))
	if light(o.repo.Storer, []plumbing.Hash{h}) {
		t.Errorf("%d bytes and more are light", mostStored)
	}
	if small := o.blob("x"); !light(o.repo.Storer, []plumbing.Hash{small}) || light(o.repo.Storer, []plumbing.Hash{small, plumbing.ZeroHash}) {
		t.Error("one byte is not light, or an object that is missing is")
	}
}
