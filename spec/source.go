package spec

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"
	"github.com/lbsync/lbsync/spec/internal/scan"
)

// Sources are the files that a fleet was loaded from, for showing excerpts of them.
type Sources struct {
	fsys  fs.FS
	names []string
	kept  map[string][]byte // as they were when they were loaded
	once  sync.Once
	files map[string]*hcl.File
}

// Names are the files, in order.
func (s *Sources) Names() []string { return s.names }

// Files are the files with their bytes, as hcl's diagnostic writer wants them. They are read when first asked for.
func (s *Sources) Files() map[string]*hcl.File {
	s.once.Do(func() {
		s.files = make(map[string]*hcl.File, len(s.names))
		for _, name := range s.names {
			text, ok := s.kept[name]
			if !ok {
				text, _ = fs.ReadFile(s.fsys, name) // an excerpt that cannot be shown is left out by the writer
			}
			s.files[name] = &hcl.File{Bytes: text}
		}
	})
	return s.files
}

// source is one file of the fleet.
type source struct {
	name   string
	text   []byte
	sum    sum
	blocks []block
}

// block is a top-level block of a file, or one that is cached by itself within a cluster.
type block struct {
	scan.Item
	key  sum
	kids []block
}

// read reads every file below the folder.
func (l *load) read() {
	size := int64(0)
	err := fs.WalkDir(l.fsys, ".", func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fmt.Errorf("read %s: %w", name, err)
		case e.IsDir() && strings.HasPrefix(e.Name(), ".") && name != ".":
			return fs.SkipDir
		case e.IsDir() || !strings.HasSuffix(name, ".hcl"):
			return nil
		}
		size += l.readFile(name, e)
		if size > MaxFleetSize || len(l.files) > MaxFiles {
			return fmt.Errorf("%s: the fleet has more than %d MiB or %d files: remove what does not belong to it", name, MaxFleetSize>>20, MaxFiles)
		}
		return nil
	})
	switch {
	case err != nil:
		l.report.error(nowhere("."), "Fleet not readable", upperFirst(err.Error())+".")
	case len(l.files) == 0 && !l.report.failed():
		l.report.error(nowhere("."), "No configuration", "There is no *.hcl file in this folder: check the path, or write the first director and cluster.")
	}
}

func (l *load) readFile(name string, e fs.DirEntry) int64 {
	info, err := e.Info()
	switch {
	case err != nil:
		l.report.error(nowhere(name), "File not readable", upperFirst(err.Error())+".")
		return 0
	case !info.Mode().IsRegular():
		l.report.error(nowhere(name), "Not a file", "Only regular files are read, no links: put the file itself here.")
		return 0
	case info.Size() > MaxFleetSize:
		return info.Size()
	}
	text, err := fs.ReadFile(l.fsys, name)
	if err != nil {
		l.report.error(nowhere(name), "File not readable", upperFirst(err.Error())+".")
		return 0
	}
	l.files = append(l.files, &source{name: name, text: text, sum: sha256.Sum256(text)})
	return int64(len(text))
}

// split finds the blocks of every file.
func (l *load) split() {
	for _, f := range l.files {
		if known, ok := l.Loader.files[f.sum]; ok {
			f.blocks = known
			continue
		}
		items, problem := scan.Split(f.text, scan.Options{Parent: []string{"cluster"}, Kids: []string{"virtual_server", "vrrp_instance"}})
		if problem != nil {
			l.report.error(problemRange(f.name, problem), problem.Summary, problem.Detail)
			continue
		}
		f.blocks = make([]block, len(items))
		for i, it := range items {
			f.blocks[i] = newBlock(f.text, it, "")
		}
	}
}

func problemRange(file string, p *scan.Problem) hcl.Range {
	start := hcl.Pos{Line: p.Line, Column: p.Col, Byte: p.Offset}
	end := hcl.Pos{Line: p.Line, Column: p.Col + p.Len, Byte: p.Offset + p.Len}
	return hcl.Range{Filename: file, Start: start, End: end}
}

// newBlock gives a block its key: its bytes, and the type of the block it stands in, since the same text means something else
// there. That of a cluster leaves out the blocks that are cached by themselves, but not how many lines
// they take, since the places of the rest depend on it.
func newBlock(text []byte, it scan.Item, parent string) block {
	b := block{Item: it}
	h := sha256.New()
	h.Write(binary.BigEndian.AppendUint32([]byte(parent), uint32(it.Col)))
	from := it.Start
	for _, kid := range it.Kids {
		h.Write(text[from:kid.Start])
		h.Write(binary.BigEndian.AppendUint32([]byte{0}, uint32(kid.Lines)))
		from = kid.End
		b.kids = append(b.kids, newBlock(text, kid, it.Type))
	}
	h.Write(text[from:it.End])
	h.Sum(b.key[:0])
	return b
}

func (l *load) names() []string {
	out := make([]string, len(l.files))
	for i, f := range l.files {
		out[i] = f.name
	}
	return out
}

// mentioned are the texts of the files that diagnostics are about.
func (l *load) mentioned(diags hcl.Diagnostics) map[string][]byte {
	out := map[string][]byte{}
	for _, d := range diags {
		for _, f := range l.files {
			if f.name == d.Subject.Filename {
				out[f.name] = f.text
			}
		}
	}
	return out
}

// rangeOf is the range of a place, found in the text again: decoded blocks keep line, column and length only.
func (l *load) rangeOf(p Pos) hcl.Range {
	for _, f := range l.files {
		if f.name == p.File {
			return rangeIn(f.text, p)
		}
	}
	return nowhere(p.File)
}

func rangeIn(text []byte, p Pos) hcl.Range {
	at := 0
	for range p.Line - 1 {
		n := bytes.IndexByte(text[at:], '\n')
		if n < 0 {
			break
		}
		at += n + 1
	}
	line, _, _ := bytes.Cut(text[at:], []byte{'\n'})
	col := 1
	for i := range string(line) {
		if col == int(p.Col) {
			at += i
			break
		}
		col++
	}
	start := hcl.Pos{Line: int(p.Line), Column: int(p.Col), Byte: at}
	end := hcl.Pos{Line: int(p.Line), Column: int(p.Col) + int(p.Len), Byte: at + int(p.Len)}
	return hcl.Range{Filename: p.File, Start: start, End: end}
}

func nowhere(file string) hcl.Range {
	return hcl.Range{Filename: file, Start: hcl.InitialPos, End: hcl.InitialPos}
}
