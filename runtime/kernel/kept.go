package kernel

import "github.com/lbsync/lbsync/spec"

// kept is a table that is read again, in order, beside what it was last. As long as both are the same nothing is copied: a kernel is
// mostly found as it was left.
type kept[K spec.RowKey[K], V spec.RowValue] struct {
	last   spec.Rows[K, V]
	next   int  // of last; those before it are dealt with
	parted bool // rows is what was read; else that is last[:next]
	rows   spec.Rows[K, V]
}

func (t *kept[K, V]) part() {
	if !t.parted {
		t.rows, t.parted = append(make(spec.Rows[K, V], 0, len(t.last)), t.last[:t.next]...), true
	}
}

// keep says that the next n rows are as they were.
func (t *kept[K, V]) keep(n int) {
	if t.parted {
		t.rows = append(t.rows, t.last[t.next:t.next+n]...)
	}
	t.next += n
}

// replace says that other rows, or none, stand where the next n did.
func (t *kept[K, V]) replace(n int, rows ...spec.Row[K, V]) {
	if n > 0 || len(rows) > 0 {
		t.part()
		t.rows = append(t.rows, rows...)
		t.next += n
	}
}

// all is the table, read to its end.
func (t *kept[K, V]) all() spec.Rows[K, V] {
	t.replace(len(t.last) - t.next)
	if t.parted {
		return t.rows
	}
	return t.last
}
