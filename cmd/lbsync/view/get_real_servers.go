package view

import (
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// RealServers are the live real servers of a director, and those that their checks keep out.
type RealServers struct {
	Head
	Director    string          `json:"director"`
	Taken       time.Time       `json:"taken"`
	RealServers []RealServerRow `json:"real_servers"`
	Now         time.Time       `json:"-"`
}

// RealServerRow is one real server in one service. Settings of one that is not live are those that git has.
type RealServerRow struct {
	Service  string    `json:"service"`
	Address  string    `json:"address"`
	Settings spec.Dest `json:"settings"`
	Active   uint32    `json:"active_connections"`
	Inactive uint32    `json:"inactive_connections"`
	Mark     Mark      `json:"mark,omitempty"`
	Source   *Source   `json:"source,omitempty"`
	PathOf   string    `json:"path_of,omitempty"` // the real server whose checks go through its service: it is private
	Standing

	key spec.DestKey
}

// NewRealServers reads a snapshot, its counters, and what checks come to; nil: nothing is checked.
func NewRealServers(s spec.Snapshot, stats spec.Stats, h *spec.HealthStatus, now time.Time) RealServers {
	counts, why, of := destStats(stats), standings(s, h), pathsOf(s)
	out := RealServers{Head: head("real servers"), Director: s.Director, Taken: s.Taken, RealServers: []RealServerRow{}, Now: now}
	shown := map[spec.DestKey]bool{}
	add := func(r placed[spec.DestKey, spec.Dest]) {
		shown[r.Key] = true
		out.RealServers = append(out.RealServers, RealServerRow{
			Service: r.Key.Service.String(), Address: r.Key.Addr.String(), Settings: r.Value,
			Active: counts[r.Key].Active, Inactive: counts[r.Key].Inactive, Mark: r.mark, Source: r.source, Standing: why[r.Key], key: r.Key,
			PathOf: of.of(r.Key.Service),
		})
	}
	for _, r := range place(s.Live.Dests, wanted(s).Dests) {
		if r.source == nil && why[r.Key].Configured != nil {
			r.source = sourceOf(why[r.Key].pos)
		}
		add(r)
	}
	for _, r := range s.Configured {
		if !shown[r.Key] {
			add(placed[spec.DestKey, spec.Dest]{r, AsWanted, sourceOf(r.Pos)})
		}
	}
	slices.SortStableFunc(out.RealServers, func(a, b RealServerRow) int { return a.key.Compare(b.key) })
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
	rows := [][]Cell{titles("SERVICE", "REAL SERVER", "FORWARDING", "WEIGHT", "ACTIVE", "INACTIVE", "ORIGIN", "MARK", "HEALTH")}
	above := ""
	for _, r := range s.RealServers {
		service := r.Service
		if service == above {
			service = ""
		}
		above = r.Service
		rows = append(rows, append(cells(service, r.Address, forwarding(r.Settings), r.weight(), number(r.Active), number(r.Inactive)),
			Dim.In(r.Source.String()), pathCell(r.cell(), r.PathOf), r.health(s.Now)))
	}
	t.Table("", rows)
}

// weight is the live one, and what git has where checks ask for another.
func (r RealServerRow) weight() string {
	switch {
	case r.Override != nil || r.Configured == nil:
		return strconv.Itoa(int(r.Settings.Weight))
	case r.Gone:
		return fmt.Sprintf("out of %d", *r.Configured)
	case *r.Configured != r.Settings.Weight:
		return fmt.Sprintf("%d of %d", r.Settings.Weight, *r.Configured)
	}
	return strconv.Itoa(int(r.Settings.Weight))
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
