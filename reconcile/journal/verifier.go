package journal

import (
	"cmp"
	"fmt"
	"slices"
)

// maxFaults bounds a report: after so many the journal as a whole is not worth a list.
const maxFaults = 16

// verifier follows the chain line by line. After a fault it goes on from the line that stands there, so that one alteration does
// not hide the next.
type verifier struct {
	Report
	known   []Head
	at      Fault // the line being looked at; What is unused
	prior   Fault // the line before
	gaps    []gap
	size    int64  // of the segment
	number  int    // of the segment
	skipped string // the file that would stand before this segment; a skipped number alone proves nothing
}

// gap is where records did not stand that belong there.
type gap struct {
	fault int
	from  uint64 // the first of them
}

func newVerifier(after Head, known []Head) *verifier {
	return &verifier{Report: Report{Head: after}, known: known}
}

func (v *verifier) begin(s segment, size int64) {
	v.Segments++
	v.skipped = ""
	if s.number > v.number+1 && v.number > 0 {
		v.skipped = newSegment("", v.number+1).name()
	}
	v.number = s.number
	v.size = size
	v.at = Fault{File: s.name()}
}

func (v *verifier) fault(format string, args ...any) {
	v.faultAt(v.at, format, args...)
}

func (v *verifier) faultAt(at Fault, format string, args ...any) {
	if len(v.Faults) < maxFaults {
		at.What = fmt.Sprintf(format, args...)
		v.Faults = append(v.Faults, at)
	}
}

func (v *verifier) line(l line) {
	h, ok := parseHeader(l.bytes)
	v.at.Seq = h.seq
	switch {
	case l.open:
		v.fault("the segment ends in the middle of a line")
		return
	case l.bytes == nil:
		v.fault("the line is too long to be a record")
		return
	case !ok:
		v.fault("the line is not a record of the journal")
		return
	}
	v.follows(h)
	v.Records++
	v.Head = Head{h.seq, hashOf(l.bytes)}
	v.prior = v.at
	v.compareKnown()
}

// follows judges a record by the one before it.
func (v *verifier) follows(h header) {
	want := v.Head.Seq + 1
	switch {
	case h.seq > want && v.Records == 0 && want == 1:
		v.fault("the journal begins with record %d: all before it was removed", h.seq)
	case h.seq > want:
		v.missing(want, h.seq)
	case h.seq < want:
		v.backwards(h.seq)
	case h.prev == v.Head.Hash:
	case want == 1:
		v.fault("record 1 says that something stood before it: the journal was not begun here")
	case v.prior.Line == 0:
		v.fault("record %d does not follow from the segment before: record %d was changed after it was written", h.seq, want-1)
	default:
		v.faultAt(v.prior, "record %d was changed after it was written: record %d in %s:%d was chained to other bytes",
			want-1, h.seq, v.at.File, v.at.Line)
	}
}

func (v *verifier) missing(from, got uint64) {
	v.gaps = append(v.gaps, gap{len(v.Faults), from})
	file := ""
	if v.skipped != "" {
		file = fmt.Sprintf(" (%s is missing)", v.skipped)
	}
	v.fault("record %d stands where %d belongs: %s missing%s", got, from, records(from, got-1), file)
	v.skipped = ""
}

// backwards is a record that belongs further up. The one that was missed first there was moved here.
func (v *verifier) backwards(seq uint64) {
	for _, g := range v.gaps {
		if seq == g.from && g.fault < len(v.Faults) {
			f := &v.Faults[g.fault]
			f.What = fmt.Sprintf("records were reordered: record %d stands where %d belongs, which is in %s:%d", f.Seq, seq, v.at.File, v.at.Line)
			return
		}
	}
	v.fault("record %d stands after record %d: it was put in again or renumbered", seq, v.Head.Seq)
}

func records(from, to uint64) string {
	if from == to {
		return fmt.Sprintf("record %d is", from)
	}
	return fmt.Sprintf("records %d to %d are", from, to)
}

func (v *verifier) compareKnown() {
	for _, k := range v.known {
		if k.Seq == v.Head.Seq && k.Hash != v.Head.Hash {
			v.fault("record %d is not the one that was known: it, or what is before it, was written anew", k.Seq)
		}
	}
}

// finish looks for known records beyond the end.
func (v *verifier) finish() {
	if v.Records == 0 {
		v.Head = Head{}
	}
	if len(v.known) == 0 {
		return
	}
	last := slices.MaxFunc(v.known, func(a, b Head) int { return cmp.Compare(a.Seq, b.Seq) })
	if last.Seq > v.Head.Seq {
		v.faultAt(Fault{File: v.at.File}, "the journal ends with record %d, but record %d was known: the end was cut off", v.Head.Seq, last.Seq)
	}
}
