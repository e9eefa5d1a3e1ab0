package view

import (
	"strconv"
	"strings"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// Services are the live IPVS services of a director.
type Services struct {
	Head
	Director string       `json:"director"`
	Taken    time.Time    `json:"taken"`
	Services []ServiceRow `json:"services"`
	Rate     bool         `json:"-"` // show rates in place of totals
}

// ServiceRow is one service.
type ServiceRow struct {
	Key         string        `json:"key"`
	Settings    spec.Service  `json:"settings"`
	RealServers int           `json:"real_servers"`
	Counters    spec.Counters `json:"counters"`
	Mark        Mark          `json:"mark,omitempty"`
	Source      *Source       `json:"source,omitempty"`
	PathOf      string        `json:"path_of,omitempty"` // the real server whose checks go through it: it is private
}

// NewServices reads a snapshot and its counters.
func NewServices(s spec.Snapshot, stats spec.Stats) Services {
	counters := map[spec.ServiceKey]spec.Counters{}
	for _, c := range stats.Services {
		counters[c.Key] = c.Counters
	}
	of := pathsOf(s)
	out := Services{Head: head("services"), Director: s.Director, Taken: s.Taken, Services: []ServiceRow{}}
	for _, r := range place(s.Live.Services, wanted(s).Services) {
		out.Services = append(out.Services, ServiceRow{
			Key: r.Key.String(), Settings: r.Value, RealServers: len(s.Live.DestsOf(r.Key)), Counters: counters[r.Key], Mark: r.mark, Source: r.source,
			PathOf: of.of(r.Key),
		})
	}
	return out
}

// Text is a table.
func (s Services) Text(t *Text) {
	rows := [][]Cell{append(append(titles("SERVICE", "SCHEDULER", "FLAGS", "PERSISTENCE", "REAL SERVERS"), counterTitles(s.Rate)...), titles("ORIGIN", "MARK")...)}
	for _, r := range s.Services {
		v := r.Settings
		row := cells(r.Key, v.Scheduler, strings.Join(v.Flags.Names(v.Scheduler), ","), persistence(v), strconv.Itoa(r.RealServers))
		row = append(row, counterCells(r.Counters, s.Rate)...)
		rows = append(rows, append(row, Dim.In(r.Source.String()), pathCell(r.Mark.cell(), r.PathOf)))
	}
	t.Table("", rows)
}

func persistence(v spec.Service) string {
	if v.Persistence == 0 {
		return ""
	}
	return strconv.FormatUint(uint64(v.Persistence), 10) + "s/" + strconv.Itoa(int(v.Netmask))
}

func counterTitles(rate bool) []Cell {
	if rate {
		return titles("CONN/S", "IN PKT/S", "OUT PKT/S", "IN B/S", "OUT B/S")
	}
	return titles("CONNECTIONS", "IN BYTES", "OUT BYTES")
}

func counterCells(c spec.Counters, rate bool) []Cell {
	numbers := []uint64{c.Connections, c.InBytes, c.OutBytes}
	if rate {
		numbers = []uint64{c.ConnectionRate, c.InPacketRate, c.OutPacketRate, c.InByteRate, c.OutByteRate}
	}
	var out []Cell
	for _, n := range numbers {
		out = append(out, Plain.In(strconv.FormatUint(n, 10)))
	}
	return out
}
