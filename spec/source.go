package spec

import (
	"bytes"
	"fmt"
	"io/fs"
	"strings"
	"sync"

	"github.com/hashicorp/hcl/v2"
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

// Line is a line of a text, without its end, and where it begins; false when there is no such line. Lines count from 1.
func Line(text []byte, number int) (line string, start int, ok bool) {
	rest := text
	for range number - 1 {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			return "", 0, false
		}
		start, rest = start+i+1, rest[i+1:]
	}
	first, _, _ := bytes.Cut(rest, []byte{'\n'})
	return strings.TrimSuffix(string(first), "\r"), start, true
}

// source is one file of the fleet.
type source struct {
	name   string
	key    contentKey
	fresh  bool // its blocks are still to be found
	broken bool // they could not be
	*content
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
	f := &source{name: name}
	if err := l.identify(f); err != nil {
		l.unreadable(f, err)
		return 0
	}
	l.files = append(l.files, f)
	return int64(len(f.text))
}

func (l *load) unreadable(f *source, err error) {
	l.report.error(nowhere(f.name), "File not readable", upperFirst(err.Error())+".")
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
			return l.rangeInFile(f, p)
		}
	}
	return nowhere(p.File)
}

func (l *load) rangeInFile(f *source, p Pos) hcl.Range {
	within := p
	within.File = ""
	rng, known := f.places[within]
	if !known {
		rng = rangeIn(f.text, within)
		f.places[within] = rng
	}
	rng.Filename = f.name
	return rng
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
