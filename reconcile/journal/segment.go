package journal

import (
	"cmp"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const suffix = ".jsonl"

// segment is a file of the journal.
type segment struct {
	number int
	path   string
}

func newSegment(dir string, number int) segment {
	return segment{number, filepath.Join(dir, fmt.Sprintf("%08d%s", number, suffix))}
}

func (s segment) name() string { return filepath.Base(s.path) }

// segments lists the journal's files, oldest first. Other files in the folder are none of its business.
func segments(dir string) ([]segment, error) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, fmt.Errorf("list journal: %w", err)
	}
	var out []segment
	for _, e := range entries {
		n, err := strconv.Atoi(strings.TrimSuffix(e.Name(), suffix))
		if s := newSegment(dir, n); err == nil && n > 0 && s.name() == e.Name() {
			out = append(out, s)
		}
	}
	// More than 99,999,999 segments have longer names, which the folder's order by name would misplace.
	slices.SortFunc(out, func(a, b segment) int { return cmp.Compare(a.number, b.number) })
	return out, nil
}
