package spec

import (
	"fmt"
	"net/netip"
	"strings"
	"time"

	"github.com/lbsync/lbsync/spec/internal/schema"
)

// SyncMode says which sync daemons a director runs.
type SyncMode uint8

// The modes. In SyncBoth a failover switches nothing; in SyncFollow the daemon's role follows a vrrp_instance.
const (
	SyncBoth SyncMode = iota
	SyncFollow
)

var syncModeNames = names[SyncMode]{"mode", map[SyncMode]string{SyncBoth: "both", SyncFollow: "follow"}}

func (m SyncMode) String() string { return syncModeNames.name(m) }

// ConnectionSync is the block `connection_sync` of a cluster. The sysctls among its attributes (threshold, refresh_period, …) are
// listed in Sysctls under their kernel names.
type ConnectionSync struct {
	SyncID    PerDirector[uint8] // 1..255; 0 would accept every sender
	Interface PerDirector[string]
	Mode      SyncMode
	Follow    string // vrrp_instance whose role the daemon takes, in SyncFollow
	Group     netip.Addr
	Port      uint16
	TTL       uint8
	MaxLen    uint16
	Sysctls   []Sysctl
	Resync    time.Duration // least time between two full resyncs of a master; 0: none but those that a backup needs
	Share     float64       // percent of the time that these may take
	Coverage  float64       // percent of a master's connections that a backup must hold to take the role by choice; 0: not looked at
	At        Mark
}

// Daemon is the daemon that a director runs by this block, whatever its role; false when no interface is given for the director.
func (s *ConnectionSync) Daemon(director string) (Daemon, bool) {
	ifn, ok := s.Interface.For(director)
	id, okID := s.SyncID.For(director)
	return Daemon{SyncID: id, Interface: ifn, Group: s.Group, Port: s.Port, TTL: s.TTL, MaxLen: s.MaxLen}, ok && okID
}

var connectionSyncBlock = schema.New(schema.Block[ConnectionSync]{
	Name:       "connection_sync",
	Doc:        "Copies connections from the master to the backups, so that they survive a failover.",
	Keepalived: "lvs_sync_daemon",
	Attrs: append([]schema.Field[ConnectionSync]{
		{Attr: schema.Attr{Name: "syncid", Kind: schema.Int, Min: 1, Max: 255, Required: true, PerDirector: true, Doc: "Number that senders and receivers share; 0 is refused, since it accepts every sender", Keepalived: "id"},
			Set: func(s *ConnectionSync, v schema.Value) { s.SyncID = perDirector(v, number[uint8]) }},
		{Attr: schema.Attr{Name: "interface", MaxLen: maxInterface, Required: true, PerDirector: true, Doc: "Interface on which sync messages are sent and received"},
			Set: func(s *ConnectionSync, v schema.Value) { s.Interface = perDirector(v, text) }},
		{Attr: schema.Attr{Name: "mode", Kind: schema.Word, Words: []string{"both", "follow"}, Default: `"both"`, Doc: "both: every director runs both daemons, and a failover switches nothing; follow: the daemon's role follows a vrrp_instance"},
			Set: func(s *ConnectionSync, v schema.Value) { s.Mode = word(syncModeNames, v) }},
		{Attr: schema.Attr{Name: "follow", Doc: "Name of the vrrp_instance whose role the daemon takes; with mode = \"follow\"", Keepalived: "inst"},
			Set: func(s *ConnectionSync, v schema.Value) { s.Follow = v.Str }},
		{Attr: schema.Attr{Name: "group", Kind: schema.Group, Default: `"224.0.0.81"`, Doc: "Multicast group"},
			Set: func(s *ConnectionSync, v schema.Value) { s.Group = v.Addr }},
		{Attr: schema.Attr{Name: "port", Kind: schema.Int, Min: 1, Max: 65535, Default: "8848", Doc: "UDP port"},
			Set: func(s *ConnectionSync, v schema.Value) { s.Port = uint16(v.Int) }},
		{Attr: schema.Attr{Name: "ttl", Kind: schema.Int, Min: 1, Max: 255, Default: "1", Doc: "Time to live of sync messages"},
			Set: func(s *ConnectionSync, v schema.Value) { s.TTL = uint8(v.Int) }},
		{Attr: schema.Attr{Name: "maxlen", Kind: schema.Int, Min: 1024, Max: 65507, Default: "1472", Doc: "Bytes of one sync message; with an IPv6 group at most 65487, and 1452 if not written"},
			Set: func(s *ConnectionSync, v schema.Value) { s.MaxLen = uint16(v.Int) }},
		{Attr: schema.Attr{Name: "threshold", Kind: schema.Int, Max: 1<<31 - 1, List: true, Default: "[2, 50]", Doc: "[FIRST, PERIOD]: a connection is sent at its packet number FIRST and then every PERIOD packets; sysctl sync_threshold, where the kernel begins with 3 and 50. The second packet of a client ends the handshake of TCP, so that a connection is sent as soon as it is open, for no more messages than at its third. What the sysctls of a director say goes before the default"},
			Set: setThreshold},
		{Attr: schema.Attr{Name: "resync", Kind: schema.Duration, Max: 86400 * second, Default: `"10s"`, Doc: "Least time between two full resyncs of a master, from 2s; a connection that is older survives the death of its director, idle or young as it may be. 0s: only when a backup needs one"},
			Set: func(s *ConnectionSync, v schema.Value) { s.Resync = v.Dur }},
		{Attr: schema.Attr{Name: "resync_share", Kind: schema.Percent, Min: 1, Max: 50, Default: "2", Doc: "Percent of the time that full resyncs may take, which are a CPU and at most 12 Mbit/s while one runs: after one that was busy for 1 s the next comes no sooner than 50 s later, with 2"},
			Set: func(s *ConnectionSync, v schema.Value) { s.Share = v.Num }},
		{Attr: schema.Attr{Name: "coverage", Kind: schema.Percent, Max: 100, Default: "99", Doc: "Percent of the master's connections that a backup must hold before it takes the role by choice: below it preemption waits and `lbsync handover` is refused (--now does it all the same); 0 is not looked at. Who takes over from a dead master waits for nothing"},
			Set: func(s *ConnectionSync, v schema.Value) { s.Coverage = v.Num }},
	}, syncSysctls...),
	Check: checkConnectionSync,
})

// syncSysctls are the attributes that are one number each (net/netfilter/ipvs/ip_vs_ctl.c).
var syncSysctls = []schema.Field[ConnectionSync]{
	{Attr: schema.Attr{Name: "refresh_period", Kind: schema.Duration, Max: 86400 * second, Step: 1e9, Doc: "Time after which an unchanged connection is sent again; sysctl sync_refresh_period"},
		Set: func(s *ConnectionSync, v schema.Value) { s.hold("sync_refresh_period", int64(v.Dur.Seconds()), v) }},
	syncSysctl("retries", "sync_retries", 0, 3, "Times a refresh is sent again"),
	syncSysctl("ports", "sync_ports", 1, 64, "Number of UDP ports and threads, a power of two; set before the daemons start"),
	syncSysctl("queue_length", "sync_qlen_max", 1, 1<<31-1, "Sync messages that may wait"),
	syncSysctl("socket_size", "sync_sock_size", 1, 1<<31-1, "Bytes of the socket's buffer"),
}

func syncSysctl(name, kernel string, lo, hi int64, doc string) schema.Field[ConnectionSync] {
	return schema.Field[ConnectionSync]{
		Attr: schema.Attr{Name: name, Kind: schema.Int, Min: lo, Max: hi, Doc: doc + "; sysctl " + kernel},
		Set:  func(s *ConnectionSync, v schema.Value) { s.hold(kernel, v.Int, v) },
	}
}

func (s *ConnectionSync) hold(kernel string, n int64, v schema.Value) {
	s.Sysctls = append(s.Sysctls, Sysctl{Key: SysctlKey(ipvsSysctl + kernel), Value: Setting(fmt.Sprint(n)), At: Mark(v.At)})
}

func setThreshold(s *ConnectionSync, v schema.Value) {
	var words []string
	for _, e := range v.List {
		words = append(words, fmt.Sprint(e.Int))
	}
	s.Sysctls = append(s.Sysctls, Sysctl{Key: SyncThreshold, Value: Setting(strings.Join(words, " ")), At: Mark(v.At)})
}

// usual marks a setting that is not written. It stands where the block does.
func (s *ConnectionSync) usual(k SysctlKey) {
	for i := range s.Sysctls {
		if c := &s.Sysctls[i]; c.Key == k {
			c.Usual, c.At = true, s.At
		}
	}
}

func checkConnectionSync(d *schema.Decoder, in *schema.Instance, s *ConnectionSync) {
	s.At = Mark(d.Mark(in.Header))
	if !in.Has("threshold") {
		s.usual(SyncThreshold)
	}
	switch {
	case s.Mode == SyncFollow && s.Follow == "":
		d.Error(in.At("mode"), "Missing follow", `mode = "follow" needs the vrrp_instance to follow: write follow = "NAME".`)
	case s.Mode == SyncBoth && s.Follow != "":
		d.Error(in.At("follow"), "follow without its mode", `Only mode = "follow" follows an instance: write that mode too, or remove follow.`)
	}
	if s.Resync > 0 && s.Resync < leastResync {
		d.Error(in.At("resync"), "resync too often", `A backup answers a master once in 2 s: write resync = "2s" or more, or "0s" for none.`)
	}
	if !s.Group.Is4() {
		checkGroup6(d, in, s)
	}
	for _, c := range s.Sysctls {
		s.checkSysctl(d, in, c)
	}
}

// leastResync is how often a director may be asked for a sample (runtime/api, sampleEvery).
const leastResync = 2 * time.Second

// checkGroup6 leaves room for the longer IPv6 header (start_sync_thread).
func checkGroup6(d *schema.Decoder, in *schema.Instance, s *ConnectionSync) {
	if !in.Has("maxlen") {
		s.MaxLen = 1500 - 48
	}
	if s.MaxLen > 65535-48 {
		d.Error(in.At("maxlen"), "maxlen out of range", "With an IPv6 group a message has at most 65487 bytes: write a number from 1024 to 65487.")
	}
}

func (s *ConnectionSync) checkSysctl(d *schema.Decoder, in *schema.Instance, c Sysctl) {
	switch c.Key {
	case SyncThreshold:
		var first, period, more int64
		if n, _ := fmt.Sscan(string(c.Value), &first, &period, &more); n != 2 || first >= period && period != 0 {
			d.Error(in.At("threshold"), "Wrong threshold", "threshold is two numbers, of which the first is the smaller: write threshold = [3, 50].")
		}
	case ipvsSysctl + "sync_ports":
		var n int
		_, _ = fmt.Sscan(string(c.Value), &n)
		if n&(n-1) != 0 {
			d.Error(in.At("ports"), "Not a power of two", "The kernel takes 1, 2, 4, 8, 16, 32 or 64 sync ports.")
		}
	}
}
