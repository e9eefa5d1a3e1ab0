package spec

import (
	"bytes"
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

// content is what was found in the bytes of a file.
type content struct {
	size   int64
	blocks []block
	places map[Pos]hcl.Range // where diagnostics were shown, without the name of the file: a warning that stays needs no reading
}

// block is a top-level block of a file, or one that is cached by itself within a cluster.
type block struct {
	scan.Item
	key  sum
	kids []block
	text []byte // of a locals block, which every load evaluates again; the text of others is read when it is needed
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
		if f.content = l.Loader.files[f.key]; f.content != nil {
			return nil
		}
	}
	if err := f.read(l.fsys); err != nil {
		return err
	}
	if f.key.blob == "" {
		f.key.text = l.seeds.sum(f.text)
		f.content = l.Loader.files[f.key]
	}
	return nil
}

// read reads the bytes of a file, once.
func (f *source) read(fsys fs.FS) (err error) {
	if f.text == nil {
		f.text, err = fs.ReadFile(fsys, f.name)
	}
	return err
}

// split finds the blocks of every file.
func (l *load) split() {
	for _, f := range l.files {
		if f.content != nil {
			continue
		}
		f.content = &content{size: int64(len(f.text)), places: map[Pos]hcl.Range{}}
		items, problem := scan.Split(f.text, scan.Options{Parent: []string{"cluster"}, Kids: []string{"virtual_server", "vrrp_instance"}})
		if problem != nil {
			f.broken = true
			l.report.error(problemRange(f.name, problem), problem.Summary, problem.Detail)
			continue
		}
		f.blocks = make([]block, len(items))
		for i, it := range items {
			f.blocks[i] = l.seeds.block(f.text, it, "")
			if it.Type == "locals" {
				f.blocks[i].text = bytes.Clone(f.text[it.Start:it.End])
			}
		}
	}
}

func problemRange(file string, p *scan.Problem) hcl.Range {
	start := hcl.Pos{Line: p.Line, Column: p.Col, Byte: p.Offset}
	end := hcl.Pos{Line: p.Line, Column: p.Col + p.Len, Byte: p.Offset + p.Len}
	return hcl.Range{Filename: file, Start: start, End: end}
}

// block gives a block its key: its bytes, and the type of the block it stands in, since the same text means something else
// there. That of a cluster leaves out the blocks that are cached by themselves, but not how many lines
// they take, since the places of the rest depend on it.
func (s seeds) block(text []byte, it scan.Item, parent string) block {
	b := block{Item: it}
	var h summer
	s.begin(&h)
	_, _ = h.Write(binary.BigEndian.AppendUint32([]byte(parent), uint32(it.Col)))
	from := it.Start
	for _, kid := range it.Kids {
		_, _ = h.Write(text[from:kid.Start])
		_, _ = h.Write(binary.BigEndian.AppendUint32([]byte{0}, uint32(kid.Lines)))
		from = kid.End
		b.kids = append(b.kids, s.block(text, kid, it.Type))
	}
	_, _ = h.Write(text[from:it.End])
	b.key = h.sum()
	return b
}
