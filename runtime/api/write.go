package api

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"

	"github.com/lbsync/lbsync/spec"
)

// failure is the document of every answer that is not a success.
type failure struct {
	Version int    `json:"version"`
	Error   string `json:"error"`
}

func fail(w http.ResponseWriter, code int, err error) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(code)
	_ = json.NewEncoder(w).Encode(failure{spec.DocumentVersion, err.Error()}) // the caller has gone; nobody is left to tell
}

func writeJSON[T any](w http.ResponseWriter, v T) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // as above
}

// A fleet of 4,000 × 10 is 10 MB of JSON. encoding/json builds a document whole before it writes; written row by row, the agent's
// memory does not grow with the table.

func writeSnapshot(w http.ResponseWriter, s spec.Snapshot) {
	live, prior := s.Live, s.Prior
	d := newDocument(w)
	d.text(`{"version":`).value(s.Version).text(`,"director":`).value(s.Director).text(`,"taken":`).value(s.Taken)
	if s.Applied != nil {
		d.text(`,"applied":`).value(s.Applied)
	}
	if len(s.Owned) > 0 {
		d.text(`,"owned":`).value(s.Owned)
	}
	writeState(d.text(`,"live":`), live)
	if prior != nil {
		writeState(d.text(`,"prior":`), *prior)
	}
	if s.Bridged {
		d.text(`,"bridged":true`)
	}
	if len(s.Roles) > 0 {
		d.text(`,"roles":`).value(s.Roles)
	}
	if len(s.Overrides) > 0 {
		writeRows(d.text(`,"overrides":`), s.Overrides)
	}
	if s.Facts != nil {
		d.text(`,"facts":`).value(s.Facts)
	}
	writeAsked(d, s)
	d.text("}\n").flush()
}

// writeAsked is what checks, drains and overrides ask for instead of what git has.
func writeAsked(d *document, s spec.Snapshot) {
	if len(s.Pools) > 0 {
		writeRows(d.text(`,"pools":`), s.Pools)
	}
	if len(s.Drains) > 0 {
		writeRows(d.text(`,"drains":`), s.Drains)
	}
	if len(s.Paths) > 0 {
		writeRows(d.text(`,"paths":`), s.Paths)
	}
	if len(s.Configured) > 0 {
		writeRows(d.text(`,"configured":`), s.Configured)
	}
}

func writeState(d *document, s spec.State) {
	writeRows(d.text(`{"services":`), s.Services)
	writeRows(d.text(`,"real_servers":`), s.Dests)
	writeRows(d.text(`,"sync_daemons":`), s.Daemons)
	writeRows(d.text(`,"timeouts":`), s.Timeouts)
	writeRows(d.text(`,"sysctls":`), s.Sysctls)
	if !s.VRRP.Empty() {
		writeVRRP(d.text(`,"vrrp":`), s.VRRP)
	}
	if len(s.Overrides) > 0 {
		writeRows(d.text(`,"overrides":`), s.Overrides)
	}
	if len(s.Effects) > 0 {
		writeRows(d.text(`,"effects":`), s.Effects)
	}
	d.text("}")
}

func writeVRRP(d *document, v spec.VRRP) {
	writeRows(d.text(`{"instances":`), v.Instances)
	writeRows(d.text(`,"peers":`), v.Peers)
	writeRows(d.text(`,"addresses":`), v.Addresses)
	writeRows(d.text(`,"routes":`), v.Routes)
	writeRows(d.text(`,"rules":`), v.Rules)
	writeRows(d.text(`,"trackers":`), v.Trackers)
	writeRows(d.text(`,"sync_roles":`), v.Follow)
	d.text("}")
}

func writeStats(w http.ResponseWriter, s spec.Stats) {
	d := newDocument(w)
	d.text(`{"version":`).value(s.Version).text(`,"taken":`).value(s.Taken)
	writeRows(d.text(`,"services":`), s.Services)
	writeRows(d.text(`,"real_servers":`), s.Dests)
	if len(s.Daemons) > 0 {
		writeRows(d.text(`,"sync_daemons":`), s.Daemons)
	}
	d.text("}\n").flush()
}

func writeChecks(w http.ResponseWriter, c spec.Checks) {
	d := newDocument(w)
	d.text(`{"version":`).value(c.Version).text(`,"taken":`).value(c.Taken)
	writeRows(d.text(`,"checks":`), c.Checks)
	d.text("}\n").flush()
}

func writeRows[T any](d *document, rows []T) {
	d.text("[")
	for i, r := range rows {
		if i > 0 {
			d.text(",")
		}
		d.value(r)
	}
	d.text("]")
}

// document writes JSON piece by piece; after the first error it writes nothing more, so that the caller sees a cut document.
type document struct {
	w   *bufio.Writer
	enc *json.Encoder
	err error
}

func newDocument(w http.ResponseWriter) *document {
	w.Header().Set("Content-Type", "application/json")
	b := bufio.NewWriterSize(w, 64<<10)
	return &document{w: b, enc: json.NewEncoder(b)}
}

func (d *document) text(s string) *document {
	if d.err == nil {
		_, d.err = io.WriteString(d.w, s)
	}
	return d
}

func (d *document) value(v any) *document {
	if d.err == nil {
		d.err = d.enc.Encode(v)
	}
	return d
}

func (d *document) flush() {
	if d.err == nil {
		d.err = d.w.Flush()
	}
	if d.err != nil {
		// An answer of status 200 is under way: only breaking the connection tells the caller that it is not whole.
		panic(http.ErrAbortHandler)
	}
}
