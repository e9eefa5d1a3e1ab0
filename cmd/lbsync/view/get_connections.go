package view

import (
	"strconv"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// Connections are the connections that a director's real servers have now, and their totals since they were added.
type Connections struct {
	Head
	Director string          `json:"director"`
	Taken    time.Time       `json:"taken"`
	Active   uint64          `json:"active_connections"`
	Inactive uint64          `json:"inactive_connections"`
	Rows     []ConnectionRow `json:"real_servers"`
	Rate     bool            `json:"-"` // show rates in place of totals
}

// ConnectionRow is one real server in one service.
type ConnectionRow struct {
	Service    string        `json:"service"`
	Address    string        `json:"address"`
	Active     uint32        `json:"active_connections"`
	Inactive   uint32        `json:"inactive_connections"`
	Persistent uint32        `json:"persistent_connections"`
	Counters   spec.Counters `json:"counters"`
}

// NewConnections reads counters.
func NewConnections(director string, stats spec.Stats) Connections {
	out := Connections{Head: head("connections"), Director: director, Taken: stats.Taken, Rows: []ConnectionRow{}}
	for _, d := range stats.Dests {
		if d.Key.Service.Private() {
			break // nobody's but the checks'; they come last
		}
		out.Active += uint64(d.Active)
		out.Inactive += uint64(d.Inactive)
		out.Rows = append(out.Rows, ConnectionRow{d.Key.Service.String(), d.Key.Addr.String(), d.Active, d.Inactive, d.Persistent, d.Counters})
	}
	return out
}

// Text is a table and a sum.
func (c Connections) Text(t *Text) {
	rows := [][]Cell{append(titles("SERVICE", "REAL SERVER", "ACTIVE", "INACTIVE", "PERSISTENT"), counterTitles(c.Rate)...)}
	above := ""
	for _, r := range c.Rows {
		service := r.Service
		if service == above {
			service = ""
		}
		above = r.Service
		rows = append(rows, append(cells(service, r.Address, number(r.Active), number(r.Inactive), number(r.Persistent)), counterCells(r.Counters, c.Rate)...))
	}
	t.Table("", rows)
	t.Linef("%s active, %s inactive", strconv.FormatUint(c.Active, 10), strconv.FormatUint(c.Inactive, 10))
}
