package spec

import (
	"encoding/binary"
	"io/fs"

	"github.com/hashicorp/hcl/v2"
	"github.com/lbsync/lbsync/spec/internal/scan"
)

// blobs is what a file system may offer besides: an id of a file's content, known without reading it. Equal ids are equal bytes,
// whatever the name and the file system. A file whose id a Loader knows is not opened.
type blobs interface {
	BlobID(name string) (string, bool)
}

// contentKey identifies the content of a file: by the id that its file system gives, or by its bytes.
type contentKey struct {
	blob string
	text sum
}

// content is what was found in the bytes of a file. They are kept: the next version of the file mostly has most of them too.
type content struct {
	text   []byte
	blocks []block
	places map[Pos]hcl.Range // where diagnostics were shown, without the name of the file
}

// block is a top-level block of a file, or one that is cached by itself within a cluster.
type block struct {
	scan.Item
	key  sum
	kids []block
	unit *unit // what it was last read into
}

func (l *load) blobID(name string) (string, bool) {
	b, ok := l.fsys.(blobs)
	if !ok {
		return "", false
	}
	return b.BlobID(name)
}

// identify finds out which content a file has, and reads it unless that is known.
func (l *load) identify(f *source) error {
	if id, ok := l.blobID(f.name); ok {
		f.key.blob = id
		if f.content = l.known[f.key]; f.content != nil {
			return nil
		}
	}
	text, err := fs.ReadFile(l.fsys, f.name)
	if err != nil {
		return err
	}
	if f.key.blob == "" {
		f.key.text = l.seeds.sum(text)
		if f.content = l.known[f.key]; f.content != nil {
			return nil
		}
	}
	f.content, f.fresh = &content{text: text, places: map[Pos]hcl.Range{}}, true
	return nil
}

var splitOptions = scan.Options{Parent: []string{"cluster"}, Kids: []string{"virtual_server", "vrrp_instance"}}

// split finds the blocks of every file.
func (l *load) split() {
	for _, f := range l.files {
		if !f.fresh {
			continue
		}
		if was := l.latest[f.name]; was != nil {
			if blocks, ok := l.seeds.resplit(was, f.text); ok {
				f.blocks = blocks
				continue
			}
		}
		items, problem := scan.Split(f.text, splitOptions)
		if problem != nil {
			f.broken = true
			l.report.error(problemRange(f.name, problem), problem.Summary, problem.Detail)
			continue
		}
		f.blocks = make([]block, len(items))
		for i, it := range items {
			f.blocks[i] = l.seeds.block(f.text, it, "")
		}
	}
}

func problemRange(file string, p *scan.Problem) hcl.Range {
	start := hcl.Pos{Line: p.Line, Column: p.Col, Byte: p.Offset}
	end := hcl.Pos{Line: p.Line, Column: p.Col + p.Len, Byte: p.Offset + p.Len}
	return hcl.Range{Filename: file, Start: start, End: end}
}

// block gives a block and its kids their keys.
func (s seeds) block(text []byte, it scan.Item, parent string) block {
	b := block{Item: it}
	b.Kids = nil
	for _, kid := range it.Kids {
		b.kids = append(b.kids, s.block(text, kid, it.Type))
	}
	b.key = s.blockKey(text, &b, parent)
	return b
}

// blockKey identifies a block: its bytes, and the type of the block it stands in, since the same text means something else there.
// That of a cluster leaves out the blocks that are cached by themselves, but not how many lines they take, since the places of the
// rest depend on it.
func (s seeds) blockKey(text []byte, b *block, parent string) sum {
	var h summer
	s.begin(&h)
	_, _ = h.Write(binary.BigEndian.AppendUint32([]byte(parent), uint32(b.Col)))
	from := b.Start
	for i := range b.kids {
		_, _ = h.Write(text[from:b.kids[i].Start])
		_, _ = h.Write(binary.BigEndian.AppendUint32([]byte{0}, uint32(b.kids[i].Lines)))
		from = b.kids[i].End
	}
	_, _ = h.Write(text[from:b.End])
	return h.sum()
}
