package notify

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// message is what one transition of an instance or a group tells, or a notice of a commit or a pool. Its JSON is the body of a webhook.
type message struct {
	Version   int            `json:"version"` // spec.DocumentVersion
	Director  string         `json:"director"`
	Type      string         `json:"type"` // "instance", "group", "commit" or "pool"
	Name      string         `json:"name"`
	State     string         `json:"state"`        // master, backup, fault or stop; of a commit applied, refused, reverted or drift; of a pool quorum or real_server
	Is        string         `json:"is,omitempty"` // of a pool: up or down
	From      spec.VRRPState `json:"from,omitempty"`
	Priority  uint8          `json:"priority"` // of an instance; 0 for a group, as keepalived has it
	Why       string         `json:"why"`
	Time      time.Time      `json:"time"`
	Serial    uint64         `json:"serial"` // of the engine's event: the same serial and time is the same transition, told again
	SyncGroup string         `json:"sync_group,omitempty"`
	Commit    *spec.Commit   `json:"commit,omitempty"`
}

// word is a state as `on` of a notify block has it.
func word(s spec.VRRPState) string {
	if s == spec.VRRPInitialize {
		return "stop"
	}
	return string(s)
}

// queue is what messages are told in their order of: an instance, a group, all commits, or all pools.
func (m message) queue() string {
	if m.Commit != nil {
		return strings.ToUpper(m.Type)
	}
	return m.subject()
}

func (m message) subject() string { return strings.ToUpper(m.Type) + " " + m.Name }

// args are those that keepalived gives a notify program: TYPE NAME STATE PRIORITY.
func (m message) args() []string {
	return []string{strings.ToUpper(m.Type), m.Name, m.upper(), strconv.Itoa(int(m.Priority))}
}

// upper is the state as programs get it: MASTER, REFUSED, QUORUM_DOWN.
func (m message) upper() string {
	if m.Is != "" {
		return strings.ToUpper(m.State + "_" + m.Is)
	}
	return strings.ToUpper(m.State)
}

// env is the same and the rest, as variables.
func (m message) env() []string {
	out := []string{
		"LBSYNC_DIRECTOR=" + m.Director, "LBSYNC_TYPE=" + m.Type, "LBSYNC_NAME=" + m.Name, "LBSYNC_STATE=" + m.State,
		"LBSYNC_FROM=" + string(m.From), "LBSYNC_PRIORITY=" + strconv.Itoa(int(m.Priority)), "LBSYNC_WHY=" + m.Why,
		"LBSYNC_TIME=" + m.Time.UTC().Format(time.RFC3339Nano), "LBSYNC_SERIAL=" + strconv.FormatUint(m.Serial, 10), "LBSYNC_SYNC_GROUP=" + m.SyncGroup,
	}
	if m.Commit != nil {
		out = append(out, "LBSYNC_COMMIT="+m.Commit.ID)
	}
	if m.Is != "" {
		out = append(out, "LBSYNC_IS="+m.Is)
	}
	return out
}

// line is what keepalived writes to a notify fifo.
func (m message) line() []byte {
	return fmt.Appendf(nil, "%s %q %s %d\n", strings.ToUpper(m.Type), m.Name, m.upper(), m.Priority)
}

func (m message) json() []byte {
	b, err := json.Marshal(m)
	if err != nil {
		panic(fmt.Sprintf("encode %T: %v", m, err)) // plain values
	}
	return append(b, '\n')
}

// rules say who is told of what.
type rules struct {
	director  string
	instances map[spec.InstanceKey][]spec.Notify
	groups    map[string][]spec.Notify
	all       []spec.Notify // of clusters, instances and groups
}

// rulesOf a view; of the zero one, which is that before the first commit, there are none.
func rulesOf(v spec.View) rules {
	if v.Director.Def == nil {
		return rules{}
	}
	r := rules{director: v.Director.Def.Name, instances: map[spec.InstanceKey][]spec.Notify{}, groups: map[string][]spec.Notify{}}
	for i := range v.Clusters {
		r.all = append(r.all, v.Clusters[i].Notify...)
		for _, in := range v.Clusters[i].Instances {
			r.instances[spec.InstanceKey(in.Def.Name)] = in.Def.Notify
			r.all = append(r.all, in.Def.Notify...)
		}
		for _, g := range v.Clusters[i].SyncGroups {
			r.groups[g.Name] = g.Notify
			r.all = append(r.all, g.Notify...)
		}
	}
	return r
}

// notices are the tellings of a notice: to everybody who asks for it, once each.
func (r rules) notices(n spec.Notice) []job {
	m := message{Version: spec.DocumentVersion, Director: r.director, Type: "commit", Name: n.Commit.Short(), State: n.Event, Why: n.Why, Time: n.Time, Commit: &n.Commit}
	if n.Object != "" {
		m.Type, m.Name, m.Is = "pool", n.Object, n.Is
	}
	var out []job
	told := map[string]bool{}
	for _, j := range about(m, r.all) {
		who := fmt.Sprintf("%q", append([]string{j.to.Kind, j.to.Target}, j.to.Args...))
		if !told[who] {
			told[who] = true
			out = append(out, j)
		}
	}
	return out
}

// job is one telling.
type job struct {
	message
	to spec.Notify
}

// jobs are the tellings of an event; turned says that it turns its group too.
func (r rules) jobs(e spec.VRRPEvent, turned bool) []job {
	m := message{
		Version: spec.DocumentVersion, Director: r.director, Type: "instance", Name: e.Instance.String(), State: word(e.To), From: e.From,
		Priority: e.Priority, Why: e.Why, Time: e.Time, Serial: e.Serial, SyncGroup: e.SyncGroup,
	}
	out := about(m, r.instances[e.Instance])
	if turned {
		m.Type, m.Name, m.Priority = "group", e.SyncGroup, 0
		out = append(out, about(m, r.groups[e.SyncGroup])...)
	}
	return out
}

func about(m message, all []spec.Notify) []job {
	var out []job
	for _, n := range all {
		if slices.Contains(n.On, m.State) {
			out = append(out, job{m, n})
		}
	}
	return out
}
