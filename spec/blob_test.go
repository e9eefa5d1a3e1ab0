package spec_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lbsync/lbsync/spec"
	"pgregory.net/rapid"
)

// tree is a folder of a commit: it knows the ids of its files, and remembers which of them were opened.
type tree struct {
	fstest.MapFS
	ids    map[string]string
	opened []string
	lost   string // a file that cannot be read
}

func newTree(files fstest.MapFS) *tree {
	t := &tree{MapFS: files, ids: map[string]string{}}
	for name, f := range files {
		t.ids[name] = fmt.Sprintf("%x", sha256.Sum256(f.Data))
	}
	return t
}

func (t *tree) BlobID(name string) (string, bool) {
	id, ok := t.ids[name]
	return id, ok
}

func (t *tree) note(name string) error {
	if _, file := t.ids[name]; file {
		t.opened = append(t.opened, name)
	}
	if name == t.lost {
		return errors.New("bad blob")
	}
	return nil
}

func (t *tree) Open(name string) (fs.File, error) {
	if err := t.note(name); err != nil {
		return nil, err
	}
	return t.MapFS.Open(name)
}

func (t *tree) ReadFile(name string) ([]byte, error) {
	if err := t.note(name); err != nil {
		return nil, err
	}
	return t.MapFS.ReadFile(name)
}

// apart has each top-level block in a file of its own.
func (m *model) apart() fstest.MapFS {
	out := fstest.MapFS{"owner.txt": {Data: []byte(m.file)}}
	for i, b := range m.blocks() {
		out[fmt.Sprintf("%02d.hcl", i)] = &fstest.MapFile{Data: []byte(b)}
	}
	return out
}

// The files of newModel().apart().
const (
	weightFile   = "00.hcl"
	cluster0File = "04.hcl"
	cluster1File = "07.hcl"
)

// TestKnownBlobsAreNotOpened: a load opens what changed, and what refers to a value that changed.
func TestKnownBlobsAreNotOpened(t *testing.T) {
	for name, c := range map[string]struct {
		edit func(*model)
		want []string
	}{
		"nothing":            {func(*model) {}, nil},
		"a server":           {func(m *model) { m.servers[0] = []int{1, 2, 3, 6} }, []string{cluster0File}},
		"lines above":        {func(m *model) { m.lead[1] = "\n\n" }, []string{cluster1File}},
		"a local":            {func(m *model) { m.weight = 6 }, []string{weightFile, "owner.txt"}},
		"a file for file()":  {func(m *model) { m.file = "else" }, []string{"owner.txt"}},
		"a local and a file": {func(m *model) { m.weight, m.file = 6, "else" }, []string{weightFile, "owner.txt"}},
		"a mistake":          {func(m *model) { m.typo = 5 }, []string{cluster1File}},
	} {
		t.Run(name, func(t *testing.T) {
			m, l := newModel(), spec.NewLoader()
			first := newTree(m.apart())
			if f, _, diags := l.Load(first); f == nil {
				t.Fatal(diags)
			}
			if all := len(m.apart()); len(unique(first.opened)) != all || len(first.opened) != all {
				t.Fatalf("the first load opened %q", first.opened)
			}
			c.edit(m)
			second := newTree(m.apart())
			_, _, _ = l.Load(second)
			want := slices.Sorted(slices.Values(c.want))
			if got := unique(second.opened); !slices.Equal(got, want) || len(second.opened) != len(got) {
				t.Errorf("opened %q, want %q", second.opened, want)
			}
		})
	}
}

func unique(names []string) []string { return slices.Compact(slices.Sorted(slices.Values(names))) }

// TestBlobsLoadEqualsCold: a load that does not read gives what a cold one that knows no ids gives, messages and excerpts included.
func TestBlobsLoadEqualsCold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, l := newModel(), spec.NewLoader()
		for range rapid.IntRange(1, 8).Draw(t, "edits") {
			m.edit(t)
			got, gotSources, gotDiags := l.Load(newTree(m.apart()))
			want, wantSources, wantDiags := spec.LoadFS(m.apart())
			if asJSON(t, got) != asJSON(t, want) || !slices.Equal(texts(gotDiags), texts(wantDiags)) {
				t.Fatalf("blobs\n%s\n%q\ncold\n%s\n%q", asJSON(t, got), texts(gotDiags), asJSON(t, want), texts(wantDiags))
			}
			for name, f := range wantSources.Files() {
				if g := gotSources.Files()[name]; g == nil || string(g.Bytes) != string(f.Bytes) {
					t.Fatalf("source of %s: %v", name, g)
				}
			}
		}
	})
}

// TestSameBlobElsewhere: a file that moved is not opened, and places name it where it is now.
func TestSameBlobElsewhere(t *testing.T) {
	m, l := newModel(), spec.NewLoader()
	files := m.apart()
	// What this version does not run is warned of: a message about a file that is not read.
	text := strings.Replace(string(files[cluster0File].Data), "  directors = ", "  notify \"smtp\" {\n    on = [\"applied\"]\n    target = \"ops@example.org\"\n  }\n  directors = ", 1)
	files[cluster0File] = &fstest.MapFile{Data: []byte(text)}
	if f, _, diags := l.Load(newTree(files)); f == nil || len(diags) != 1 {
		t.Fatal(diags)
	}
	files["moved/it.hcl"] = files[cluster0File]
	delete(files, cluster0File)
	second := newTree(files)
	got, _, gotDiags := l.Load(second)
	want, _, wantDiags := spec.LoadFS(files)
	if asJSON(t, got) != asJSON(t, want) || !slices.Equal(texts(gotDiags), texts(wantDiags)) || len(gotDiags) != 1 {
		t.Errorf("moved\n%q\ncold\n%q", texts(gotDiags), texts(wantDiags))
	}
	if len(second.opened) > 0 {
		t.Errorf("opened %q", second.opened)
	}
}

// TestBlobLost: a file that must be read again and cannot be is an error, and none any more when it can.
func TestBlobLost(t *testing.T) {
	m, l := newModel(), spec.NewLoader()
	_, _, _ = l.Load(newTree(m.apart()))
	m.servers[1] = append(m.servers[1], 6)
	broken := newTree(m.apart())
	broken.lost = cluster1File
	f, _, diags := l.Load(broken)
	if f != nil || len(diags) != 1 || diags[0].Summary != "File not readable" || diags[0].Detail != "Bad blob." || diags[0].Subject.Filename != cluster1File {
		t.Fatal(f, diags)
	}
	got, _, diags := l.Load(newTree(m.apart()))
	want, _, _ := spec.LoadFS(m.apart())
	if got == nil || asJSON(t, got) != asJSON(t, want) {
		t.Fatal(diags)
	}
}
