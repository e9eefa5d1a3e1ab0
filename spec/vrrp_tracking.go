package spec

import (
	"cmp"
	"strconv"
	"strings"
	"time"
)

// TrackerKey is what an instance watches.
type TrackerKey struct {
	Instance InstanceKey `json:"instance"`
	Watch    Watch       `json:"watch"` // interface, script, file or process
	Name     string      `json:"name"`  // label of the block
}

// Watch is the kind of a tracker: "interface", "script", "file" or "process".
type Watch string

// The kinds of trackers. The engine watches interfaces; the agent runs or reads the others and tells the engine its verdicts.
const (
	WatchInterface Watch = "interface"
	WatchScript    Watch = "script"
	WatchFile      Watch = "file"
	WatchProcess   Watch = "process"
)

// Kind is KindTracker.
func (k TrackerKey) Kind() Kind { return KindTracker }
func (k TrackerKey) String() string {
	return k.Instance.String() + " track " + string(k.Watch) + " " + k.Name
}

// Compare orders trackers by instance, kind and name.
func (k TrackerKey) Compare(o TrackerKey) int {
	return cmp.Or(k.Instance.Compare(o.Instance), cmp.Compare(k.Watch, o.Watch), cmp.Compare(k.Name, o.Name))
}

// Tracking is the settings of a tracker.
type Tracking struct {
	Weight   int16         `json:"weight"` // -253..253; 0: bad is a fault
	Interval time.Duration `json:"interval,omitempty"`
	Timeout  time.Duration `json:"timeout,omitempty"`
	Rise     uint32        `json:"rise,omitempty"` // successes that make it good
	Fall     uint32        `json:"fall,omitempty"` // failures that make it bad
	// Up and Down are how long an interface has to be up, or down, before it counts as such.
	Up   time.Duration `json:"up_delay,omitempty"`
	Down time.Duration `json:"down_delay,omitempty"`
	// Command is the program of a script and its arguments, joined by NUL so that Tracking is comparable.
	Command string `json:"command,omitempty"`
}

// Attrs lists all settings.
func (t Tracking) Attrs() []Attr {
	return []Attr{{"weight", strconv.Itoa(int(t.Weight))}, {"command", strings.ReplaceAll(t.Command, "\x00", " ")}, {"interval", span(t.Interval)}, {"timeout", span(t.Timeout)},
		{"rise", count(t.Rise)}, {"fall", count(t.Fall)}, {"up_delay", span(t.Up)}, {"down_delay", span(t.Down)}}
}

// FollowSyncKey is an instance whose role the sync daemon takes (mode "follow").
type FollowSyncKey InstanceKey

// Kind is KindFollowSync.
func (k FollowSyncKey) Kind() Kind                  { return KindFollowSync }
func (k FollowSyncKey) String() string              { return string(k) }
func (k FollowSyncKey) Compare(o FollowSyncKey) int { return cmp.Compare(k, o) }

// FollowSync is the daemon that the engine starts and stops with the role.
type FollowSync struct {
	Daemon Daemon `json:"daemon"`
	Open   bool   `json:"open,omitempty"` // as backup it has syncid 0 and accepts every sender, while the syncid of the cluster changes
}

// Of is the daemon of a role.
func (f FollowSync) Of(r Role) Daemon {
	if f.Open && r == RoleBackup {
		f.Daemon.SyncID = 0
	}
	return f.Daemon
}

// Attrs are those of the daemon, and whether it is open as backup.
func (f FollowSync) Attrs() []Attr {
	open := ""
	if f.Open {
		open = "0"
	}
	return append(f.Daemon.Attrs(), Attr{"backup_syncid", open})
}
