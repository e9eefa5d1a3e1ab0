package source

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
)

// refTable is what the mirror knows by name: branches and tags of the last Fetch whose objects are here.
type refTable map[plumbing.ReferenceName]plumbing.Hash

const packedHeader = "# pack-refs with: sorted \n"

// readRefs reads packed-refs. One file holds all names, so that they change together; go-git would write each in place.
func (d disk) readRefs() (refTable, error) {
	f, err := os.Open(d.path("packed-refs"))
	if errors.Is(err, fs.ErrNotExist) {
		return refTable{}, nil
	}
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	out := refTable{}
	for sc := bufio.NewScanner(f); ; {
		if !sc.Scan() {
			return out, sc.Err()
		}
		id, name, ok := strings.Cut(sc.Text(), " ")
		switch {
		case strings.HasPrefix(sc.Text(), "#"), strings.HasPrefix(sc.Text(), "^"):
		case !ok || !fullID.MatchString(id):
			return nil, fmt.Errorf("packed-refs: line %q is not an id and a name", sc.Text())
		default:
			out[plumbing.ReferenceName(name)] = plumbing.NewHash(id)
		}
	}
}

func (d disk) writeRefs(t refTable) error {
	var b strings.Builder
	b.WriteString(packedHeader)
	for _, name := range slices.Sorted(maps.Keys(t)) {
		fmt.Fprintf(&b, "%s %s\n", t[name], name)
	}
	return d.write("packed-refs", b.String())
}

// writeHead lets git log in the mirror show what is tracked.
func (d disk) writeHead(ref plumbing.ReferenceName, commit plumbing.Hash) error {
	if ref.IsBranch() {
		return d.write("HEAD", "ref: "+ref.String()+"\n")
	}
	return d.write("HEAD", commit.String()+"\n")
}

// readCut reads git's file shallow: the commits whose parents are not here.
func (d disk) readCut() ([]plumbing.Hash, error) {
	raw, err := os.ReadFile(d.path("shallow"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var out []plumbing.Hash
	for _, line := range strings.Fields(string(raw)) {
		if !fullID.MatchString(line) {
			return nil, fmt.Errorf("shallow: line %q is not an id", line)
		}
		out = append(out, plumbing.NewHash(line))
	}
	return out, nil
}

func (d disk) writeCut(cut []plumbing.Hash) error {
	if len(cut) == 0 {
		err := os.Remove(d.path("shallow"))
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return errors.Join(err, syncDir(string(d)))
	}
	var b strings.Builder
	for _, h := range cut {
		fmt.Fprintln(&b, h)
	}
	return d.write("shallow", b.String())
}
