package spec

import (
	"github.com/lbsync/lbsync/spec/internal/schema"
)

// trackBlock is the block `track_KIND`.
func trackBlock(kind, label, keepalived string, own ...schema.Field[Tracker]) *schema.Block[Tracker] {
	return schema.New(schema.Block[Tracker]{
		Name:       "track_" + kind,
		Doc:        "Lowers the priority, or is a fault, when it fails.",
		Keepalived: keepalived,
		Label: &schema.Field[Tracker]{Attr: schema.Attr{Name: "NAME", MaxLen: 256, Doc: label},
			Set: func(t *Tracker, v schema.Value) { t.Kind, t.Name, t.At = kind, v.Str, Mark(v.At) }},
		Attrs: append([]schema.Field[Tracker]{
			{Attr: schema.Attr{Name: "weight", Kind: schema.Int, Min: -253, Max: 253, Default: "0", Doc: "Added to the priority while it is good (above 0) or bad (below 0); 0: bad is a fault"},
				Set: func(t *Tracker, v schema.Value) { t.Weight = int16(v.Int) }},
		}, own...),
	})
}

// looked are the attributes of what is looked at again and again.
var looked = []schema.Field[Tracker]{
	{Attr: schema.Attr{Name: "interval", Kind: schema.Duration, Min: second / 10, Max: 3600 * second, Default: `"1s"`, Doc: "Time from one look, or run, to the next"},
		Set: func(t *Tracker, v schema.Value) { t.Interval = v.Dur }},
	{Attr: schema.Attr{Name: "rise", Kind: schema.Int, Min: 1, Max: 255, Default: "1", Doc: "Successes that make it good"},
		Set: func(t *Tracker, v schema.Value) { t.Rise = uint32(v.Int) }},
	{Attr: schema.Attr{Name: "fall", Kind: schema.Int, Min: 1, Max: 255, Default: "1", Doc: "Failures that make it bad"},
		Set: func(t *Tracker, v schema.Value) { t.Fall = uint32(v.Int) }},
}

var trackScriptFields = append([]schema.Field[Tracker]{
	{Attr: schema.Attr{Name: "command", List: true, Required: true, Doc: "Program and arguments; exit code 0 is good", Keepalived: "script"},
		Set: func(t *Tracker, v schema.Value) { t.Command = texts(v) }},
	{Attr: schema.Attr{Name: "timeout", Kind: schema.Duration, Min: second / 10, Max: 3600 * second, Default: `"1s"`, Doc: "Time after which a run has failed"},
		Set: func(t *Tracker, v schema.Value) { t.Timeout = v.Dur }},
}, looked...)

var trackInterfaceFields = []schema.Field[Tracker]{
	{Attr: schema.Attr{Name: "up_delay", Kind: schema.Duration, Max: 255 * second, Default: `"0s"`, Doc: "Time for which it has to be up before it counts as good again", Keepalived: "interface_up_down_delays"},
		Set: func(t *Tracker, v schema.Value) { t.UpDelay = v.Dur }},
	{Attr: schema.Attr{Name: "down_delay", Kind: schema.Duration, Max: 255 * second, Default: `"0s"`, Doc: "Time for which it has to be down before it counts as bad", Keepalived: "interface_up_down_delays"},
		Set: func(t *Tracker, v schema.Value) { t.DownDelay = v.Dur }},
}

var trackBlocks = map[string]*schema.Block[Tracker]{
	"interface": trackBlock("interface", "Name of the interface", "track_interface", trackInterfaceFields...),
	"script":    trackBlock("script", "Name of the script", "track_script, vrrp_script", trackScriptFields...),
	"file":      trackBlock("file", "Path of a file; 0 in it, an empty file and none are good, any other number is bad", "track_file, vrrp_track_file", looked...),
	"process":   trackBlock("process", "Name of the process, as /proc/PID/comm has it", "track_process, vrrp_track_process", looked...),
}

func trackNested(kind string) schema.Nested[VRRPInstance] {
	return schema.Many(trackBlocks[kind], func(_ *schema.Decoder, i *VRRPInstance, t *Tracker, _ *schema.Instance) {
		i.Track = append(i.Track, *t)
	})
}

// authentication is the block of that name.
type authentication struct{ secret string }

var authenticationBlock = schema.New(schema.Block[authentication]{
	Name: "authentication",
	Doc:  "Password of version 2, to work with routers that want one; anyone on the segment can read it.",
	Attrs: []schema.Field[authentication]{
		{Attr: schema.Attr{Name: "type", Kind: schema.Word, Words: []string{"pass"}, Required: true, Doc: "Only pass: RFC 9568 removed authentication", Keepalived: "auth_type"},
			Set: func(*authentication, schema.Value) {}},
		{Attr: schema.Attr{Name: "password", Kind: schema.Secret, Required: true, Doc: "secret(\"name\"); at most 8 characters, which is checked where the secret is read", Keepalived: "auth_pass"},
			Set: func(a *authentication, v schema.Value) { a.secret = v.Str }},
	},
})

var announceBlock = schema.New(schema.Block[Announce]{
	Name: "announce",
	Doc:  "Gratuitous ARP and unsolicited neighbour advertisements of a new master.",
	Attrs: []schema.Field[Announce]{
		{Attr: schema.Attr{Name: "repeat", Kind: schema.Int, Min: 1, Max: 255, Default: "5", Doc: "Times each address is announced", Keepalived: "garp_master_repeat"},
			Set: func(a *Announce, v schema.Value) { a.Repeat = uint32(v.Int) }},
		{Attr: schema.Attr{Name: "delay", Kind: schema.Duration, Max: 300 * second, Default: `"5s"`, Doc: "Time before the second burst; 0s is none", Keepalived: "garp_master_delay"},
			Set: func(a *Announce, v schema.Value) { a.Delay = v.Dur }},
		{Attr: schema.Attr{Name: "refresh", Kind: schema.Duration, Max: 86400 * second, Default: `"0s"`, Doc: "Time between later announcements; 0s is none", Keepalived: "garp_master_refresh"},
			Set: func(a *Announce, v schema.Value) { a.Refresh = v.Dur }},
		{Attr: schema.Attr{Name: "refresh_repeat", Kind: schema.Int, Min: 1, Max: 255, Default: "1", Doc: "Times each address is announced then", Keepalived: "garp_master_refresh_repeat"},
			Set: func(a *Announce, v schema.Value) { a.RefreshRepeat = uint32(v.Int) }},
		{Attr: schema.Attr{Name: "interval", Kind: schema.Duration, Max: 10 * second, Default: `"0s"`, Doc: "Time between frames", Keepalived: "garp_interval, gna_interval"},
			Set: func(a *Announce, v schema.Value) { a.Interval = v.Dur }},
		{Attr: schema.Attr{Name: "lower_priority", Kind: schema.Bool, Default: "true", Doc: "Announce also after an advertisement of a lower priority was heard", Keepalived: "garp_lower_prio_repeat, garp_lower_prio_delay"},
			Set: func(a *Announce, v schema.Value) { a.LowerPriority = v.Bool }},
	},
})

// defaultAnnounce is that of an instance without the block.
var defaultAnnounce = func() (a Announce) {
	for _, f := range announceBlock.Attrs {
		f.Set(&a, f.Written())
	}
	return a
}()

var notifyBlock = schema.New(schema.Block[Notify]{
	Name:       "notify",
	Doc:        "Tells something else what happened.",
	Keepalived: "notify, notify_master, notify_backup, notify_fault, notify_stop, notify_fifo, smtp_alert",
	Label: &schema.Field[Notify]{Attr: schema.Attr{Name: "KIND", Kind: schema.Word, Words: []string{"exec", "webhook", "smtp", "fifo"}, Doc: "How it is told"},
		Set: func(n *Notify, v schema.Value) { n.Kind, n.At = v.Str, Mark(v.At) }},
	Attrs: []schema.Field[Notify]{
		{Attr: schema.Attr{Name: "on", Kind: schema.Word, List: true, Required: true, Words: []string{"master", "backup", "fault", "stop", "quorum", "real_server", "applied", "refused", "reverted", "drift"}, Doc: "What is told: of an instance or group master, backup, fault, stop; of the director's commits applied, refused, reverted; drift; and of what health checks find quorum and real_server"},
			Set: func(n *Notify, v schema.Value) { n.On = texts(v) }},
		{Attr: schema.Attr{Name: "target", Required: true, Doc: "Program, URL, mail address or path"}, Set: func(n *Notify, v schema.Value) { n.Target = v.Str }},
		{Attr: schema.Attr{Name: "args", List: true, Doc: "Arguments of the program"}, Set: func(n *Notify, v schema.Value) { n.Args = texts(v) }},
		{Attr: schema.Attr{Name: "timeout", Kind: schema.Duration, Min: second / 10, Max: 600 * second, Default: `"30s"`, Doc: "Time after which telling it has failed"},
			Set: func(n *Notify, v schema.Value) { n.Timeout = v.Dur }},
	},
	Check: func(d *schema.Decoder, in *schema.Instance, n *Notify) {
		if len(n.Args) > 0 && n.Kind != "exec" {
			d.Error(in.At("args"), "args not possible", "Only notify \"exec\" runs a program that takes arguments: remove args.")
		}
	},
})
