package view

import (
	"strconv"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// RealServers are the live real servers of a director.
type RealServers struct {
	Head
	Director    string          `json:"director"`
	Taken       time.Time       `json:"taken"`
	RealServers []RealServerRow `json:"real_servers"`
}

// RealServerRow is one real server in one service.
type RealServerRow struct {
	Service  string    `json:"service"`
	Address  string    `json:"address"`
	Settings spec.Dest `json:"settings"`
	Active   uint32    `json:"active_connections"`
	Inactive uint32    `json:"inactive_connections"`
	Mark     Mark      `json:"mark,omitempty"`
	Source   *Source   `json:"source,omitempty"`

	Override *spec.Override `json:"override,omitempty"`
}

// NewRealServers reads a snapshot and its counters.
func NewRealServers(s spec.Snapshot, stats spec.Stats) RealServers {
	counts, overrides := destStats(stats), map[spec.DestKey]*spec.Override{}
	for i, o := range wanted(s).Overrides {
		overrides[o.Key] = &wanted(s).Overrides[i]
	}
	out := RealServers{Head: head("real servers"), Director: s.Director, Taken: s.Taken, RealServers: []RealServerRow{}}
	for _, r := range place(s.Live.Dests, wanted(s).Dests) {
		out.RealServers = append(out.RealServers, RealServerRow{
			Service: r.Key.Service.String(), Address: r.Key.Addr.String(), Settings: r.Value,
			Active: counts[r.Key].Active, Inactive: counts[r.Key].Inactive, Mark: r.mark, Source: r.source, Override: overrides[r.Key],
		})
	}
	return out
}

func destStats(stats spec.Stats) map[spec.DestKey]spec.DestStats {
	out := make(map[spec.DestKey]spec.DestStats, len(stats.Dests))
	for _, d := range stats.Dests {
		out[d.Key] = d
	}
	return out
}

// Text is a table in which each service is named once.
func (s RealServers) Text(t *Text) {
	rows := [][]Cell{titles("SERVICE", "REAL SERVER", "FORWARDING", "WEIGHT", "ACTIVE", "INACTIVE", "ORIGIN", "MARK")}
	above := ""
	for _, r := range s.RealServers {
		service := r.Service
		if service == above {
			service = ""
		}
		above = r.Service
		rows = append(rows, append(cells(service, r.Address, forwarding(r.Settings), strconv.Itoa(int(r.Settings.Weight)),
			number(r.Active), number(r.Inactive)), Dim.In(r.Source.String()), r.cell()))
	}
	t.Table("", rows)
}

// cell is the mark, or that the weight is an override's and until when.
func (r RealServerRow) cell() Cell {
	switch {
	case r.Override == nil:
		return r.Mark.cell()
	case r.Mark == AsWanted:
		return Yellow.In("override" + until(r.Override.Until))
	}
	c := r.Mark.cell()
	c.Text += ", override" + until(r.Override.Until)
	return c
}

func forwarding(d spec.Dest) string {
	if d.Forward == spec.Tun {
		return "tun " + d.Tunnel.String()
	}
	return d.Forward.String()
}

func number(n uint32) string { return strconv.FormatUint(uint64(n), 10) }
