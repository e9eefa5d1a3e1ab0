package spec

import (
	"bytes"
	"slices"
	"sort"

	"github.com/lbsync/lbsync/spec/internal/scan"
)

// resplit finds the blocks of the next version of a file, where the two differ only within some kids of one block: it looks at those
// alone, and moves what stands behind them. Otherwise it is false, and the whole file has to be looked at.
func (s seeds) resplit(was *content, text []byte) ([]block, bool) {
	head := commonHead(was.text, text)
	tail := commonTail(was.text[head:], text[head:])
	at := slices.IndexFunc(was.blocks, func(b block) bool { return b.Start < head && head < b.End && b.End > len(was.text)-tail })
	if at < 0 {
		return nil, false
	}
	r := region{was: &was.blocks[at], text: text, shift: len(text) - len(was.text)}
	if !r.find(head, len(was.text)-tail) {
		return nil, false
	}
	blocks := slices.Clone(was.blocks)
	blocks[at] = r.block(s)
	for i := at + 1; i < len(blocks); i++ {
		blocks[i] = moved(blocks[i], r.shift, r.lines)
	}
	return blocks, true
}

// region is what differs within a block: its kids from one to before another, and those that stand there now.
type region struct {
	was          *block
	text         []byte
	shift, lines int // by how many bytes and lines what follows is moved
	from, to     int
	kids         []scan.Item
}

// find looks for the kids between two offsets of the former text, beyond which nothing differs.
func (r *region) find(head, end int) bool {
	old := r.was.kids
	r.from = sort.Search(len(old), func(i int) bool { return old[i].Start > head }) - 1
	if r.from < 0 {
		return false
	}
	var ok bool
	r.kids, ok = scan.Resume(r.text, r.was.Type, old[r.from].Item, func(now int) bool {
		r.to = sort.Search(len(old), func(i int) bool { return old[i].End >= now-r.shift })
		return now-r.shift >= end && r.to < len(old) && old[r.to].End == now-r.shift
	}, splitOptions)
	if !ok {
		return false
	}
	last, now := old[r.to], r.kids[len(r.kids)-1]
	r.lines = now.Line + now.Lines - last.Line - last.Lines
	r.to++
	return true
}

// block is the block with its new kids.
func (r *region) block(s seeds) block {
	b := *r.was
	b.End += r.shift
	b.Lines += r.lines
	b.kids = make([]block, 0, r.from+len(r.kids)+len(r.was.kids)-r.to)
	b.kids = append(b.kids, r.was.kids[:r.from]...)
	for _, kid := range r.kids {
		b.kids = append(b.kids, s.block(r.text, kid, b.Type))
	}
	for _, kid := range r.was.kids[r.to:] {
		b.kids = append(b.kids, moved(kid, r.shift, r.lines))
	}
	if len(r.kids) != 1 || r.to != r.from+1 || r.lines != 0 {
		b.key, b.unit = s.blockKey(r.text, &b, ""), nil
	}
	return b
}

// moved is a block that stands elsewhere in its file.
func moved(b block, shift, lines int) block {
	b.Start += shift
	b.End += shift
	b.Line += lines
	if len(b.kids) > 0 {
		b.kids = slices.Clone(b.kids)
		for i := range b.kids {
			b.kids[i] = moved(b.kids[i], shift, lines)
		}
	}
	return b
}

// commonHead is how many bytes two texts begin with alike. Comparing pieces is many times faster than comparing bytes.
func commonHead(a, b []byte) int {
	const piece = 4096
	n := 0
	for len(a)-n >= piece && len(b)-n >= piece && bytes.Equal(a[n:n+piece], b[n:n+piece]) {
		n += piece
	}
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

// commonTail is how many bytes two texts end with alike.
func commonTail(a, b []byte) int {
	const piece = 4096
	n := 0
	for len(a)-n >= piece && len(b)-n >= piece && bytes.Equal(a[len(a)-n-piece:len(a)-n], b[len(b)-n-piece:len(b)-n]) {
		n += piece
	}
	for n < len(a) && n < len(b) && a[len(a)-1-n] == b[len(b)-1-n] {
		n++
	}
	return n
}
