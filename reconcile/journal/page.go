package journal

// The bounds of one page. So many bytes of the journal are looked at in some hundredths of a second.
const (
	MaxPage     = 1000
	maxPageSize = 1 << 20
	maxLooked   = 16 << 20
)

// Page is what ReadPage found.
type Page struct {
	Lines []string // as they stand in the journal
	Next  uint64   // there may be more: Filter.After of the next page; 0 is the end
}

// ReadPage reads a bounded part of the journal, oldest first: at most MaxPage records, about 1 MiB of them, or what passed the filter of
// 16 MiB. A line that is no record is an error, as for Export.
func ReadPage(dir string, f Filter) (Page, error) {
	out := Page{Lines: []string{}}
	if f.Limit <= 0 || f.Limit > MaxPage {
		f.Limit = MaxPage
	}
	f.Newest = false
	w := &walk{filter: f, most: maxLooked}
	size := 0
	for e, err := range entries(dir, w) {
		if err != nil {
			return Page{}, err
		}
		out.Lines = append(out.Lines, string(e.line))
		if size += len(e.line); size >= maxPageSize {
			break
		}
	}
	if len(out.Lines) == f.Limit || size >= maxPageSize || w.spent() {
		out.Next = w.seq
	}
	return out, nil
}

// after leaves out the segments that end with record seq or before: each but the first is judged by its first line. One that cannot be
// read is kept, so that reading it says why.
func after(files []segment, seq uint64) []segment {
	if seq == 0 {
		return files
	}
	for i := len(files) - 1; i > 0; i-- {
		if first, ok := firstSeq(files[i]); ok && first <= seq+1 {
			return files[i:]
		}
	}
	return files
}

func firstSeq(s segment) (uint64, bool) {
	f, size, err := openSegment(s)
	if err != nil {
		return 0, false
	}
	defer func() { _ = f.Close() }()
	for l, err := range forward(f, size) {
		h, ok := parseHeader(l.bytes)
		return h.seq, err == nil && ok
	}
	return 0, false
}
