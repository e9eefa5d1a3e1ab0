package view

import (
	"strconv"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// Sync is the connection sync of a director: its daemons, and the timeouts and sysctls that git holds.
type Sync struct {
	Head
	Director string       `json:"director"`
	Taken    time.Time    `json:"taken"`
	Daemons  []DaemonRow  `json:"sync_daemons"`
	Timeouts []SettingRow `json:"timeouts"`
	Sysctls  []SettingRow `json:"sysctls"`
}

// DaemonRow is one sync daemon.
type DaemonRow struct {
	Role     spec.Role   `json:"role"`
	Settings spec.Daemon `json:"settings"`
	Mark     Mark        `json:"mark,omitempty"`
	Source   *Source     `json:"source,omitempty"`
}

// SettingRow is one timeout or sysctl that git holds.
type SettingRow struct {
	Key    string  `json:"key"`
	Value  string  `json:"value"`
	Mark   Mark    `json:"mark,omitempty"`
	Source *Source `json:"source,omitempty"`
}

// NewSync reads a snapshot.
func NewSync(s spec.Snapshot) Sync {
	want := wanted(s)
	out := Sync{
		Head: head("sync"), Director: s.Director, Taken: s.Taken, Daemons: []DaemonRow{},
		Timeouts: settingRows(s.Live.Timeouts, want.Timeouts), Sysctls: settingRows(s.Live.Sysctls, want.Sysctls),
	}
	for _, r := range place(s.Live.Daemons, want.Daemons) {
		out.Daemons = append(out.Daemons, DaemonRow{r.Key, r.Value, r.mark, r.source})
	}
	return out
}

func settingRows[K spec.RowKey[K], V spec.RowValue](live, want spec.Rows[K, V]) []SettingRow {
	out := []SettingRow{}
	for _, r := range held(place(live, want)) {
		out = append(out, SettingRow{r.Key.String(), attrValue(r.Value), r.mark, r.source})
	}
	return out
}

// attrValue is the value of an object that has only one setting.
func attrValue(v spec.Value) string { return v.Attrs()[0].Value }

// Text is a table of the daemons, and one of the settings if there are any.
func (s Sync) Text(t *Text) {
	rows := [][]Cell{titles("DAEMON", "SYNCID", "INTERFACE", "GROUP", "PORT", "TTL", "MAXLEN", "ORIGIN", "MARK")}
	for _, r := range s.Daemons {
		v := r.Settings
		rows = append(rows, append(cells(r.Role.String(), strconv.Itoa(int(v.SyncID)), v.Interface, v.Group.String(),
			strconv.Itoa(int(v.Port)), strconv.Itoa(int(v.TTL)), strconv.Itoa(int(v.MaxLen))), Dim.In(r.Source.String()), r.Mark.cell()))
	}
	t.Table("", rows)
	settings := [][]Cell{titles("SETTING", "VALUE", "ORIGIN", "MARK")}
	for _, r := range s.Timeouts {
		r.Key = "timeout " + r.Key
		settings = append(settings, r.cells())
	}
	for _, r := range s.Sysctls {
		settings = append(settings, r.cells())
	}
	if len(settings) > 1 {
		t.Linef("")
		t.Table("", settings)
	}
}

func (r SettingRow) cells() []Cell {
	return append(cells(r.Key, r.Value), Dim.In(r.Source.String()), r.Mark.cell())
}
