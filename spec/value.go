package spec

import (
	"net/netip"
	"strconv"
	"strings"
)

// Value is the settings of an object: a flat comparable struct, so that a difference is found by ==.
type Value interface {
	// Attrs are the settings as operators read them, in the order in which a diff shows them.
	Attrs() []Attr
}

// Attr is one setting, by the name it has in the fleet's HCL.
type Attr struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Service is the settings of an IPVS service.
type Service struct {
	Scheduler   string       `json:"scheduler"`
	Flags       ServiceFlags `json:"flags,omitempty"`
	Persistence uint32       `json:"persistence,omitempty"`        // seconds; 0 is off
	Netmask     uint8        `json:"persistence_prefix,omitempty"` // prefix length of the persistence granularity; 32 or 128 is a client each
	Engine      string       `json:"persistence_engine,omitempty"` // "" or "sip"
}

// ServiceFlags are the flags of a service that operators set (include/uapi/linux/ip_vs.h). Persistence and the kernel's HASHED bit
// are not among them: the one is Service.Persistence, the other the kernel's own.
type ServiceFlags uint32

// The settable flags. The three scheduler flags mean what the scheduler says: sh-fallback and sh-port, mh-fallback and mh-port.
const (
	OnePacket     ServiceFlags = 0x0004
	SchedFlag1    ServiceFlags = 0x0008
	SchedFlag2    ServiceFlags = 0x0010
	SchedFlag3    ServiceFlags = 0x0020
	SettableFlags              = OnePacket | SchedFlag1 | SchedFlag2 | SchedFlag3
)

// Names are the words ipvsadm and keepalived use for the flags, given the scheduler they belong to.
func (f ServiceFlags) Names(scheduler string) []string {
	var out []string
	if f&OnePacket != 0 {
		out = append(out, "ops")
	}
	for i, bit := range []ServiceFlags{SchedFlag1, SchedFlag2, SchedFlag3} {
		if f&bit != 0 {
			out = append(out, schedFlagName(scheduler, i+1))
		}
	}
	return out
}

func schedFlagName(scheduler string, n int) string {
	if (scheduler == "sh" || scheduler == "mh") && n <= 2 {
		return scheduler + [...]string{"-fallback", "-port"}[n-1]
	}
	return "flag-" + strconv.Itoa(n)
}

// Attrs lists scheduler, flags and persistence.
func (s Service) Attrs() []Attr {
	out := []Attr{{"scheduler", s.Scheduler}, {"flags", strings.Join(s.Flags.Names(s.Scheduler), ",")}, {"persistence", seconds(s.Persistence)}}
	if s.Persistence != 0 {
		out = append(out, Attr{"persistence_prefix", strconv.Itoa(int(s.Netmask))})
	}
	return append(out, Attr{"persistence_engine", s.Engine})
}

func seconds(n uint32) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(uint64(n), 10) + "s"
}

// Dest is the settings of a real server.
type Dest struct {
	Weight  int32   `json:"weight"` // 0..65535; 0 takes no new connections
	Forward Forward `json:"forwarding"`
	Upper   uint32  `json:"upper_threshold,omitempty"` // connections; 0 is no limit
	Lower   uint32  `json:"lower_threshold,omitempty"`
	Tunnel  Tunnel  `json:"tunnel,omitzero"` // zero unless Forward is Tun
}

// Tunnel is how packets are wrapped for a real server of forwarding Tun.
type Tunnel struct {
	Type     TunnelType `json:"type"`
	Port     uint16     `json:"port,omitempty"`     // UDP port of gue, 1..65535; 0 otherwise
	Checksum TunnelSum  `json:"checksum,omitempty"` // of gue and gre
}

// Forward is the forwarding method of a real server; the values are the kernel's (IP_VS_CONN_F_*).
type Forward uint8

// The forwarding methods. Local is what the kernel makes of a real server whose address is its own.
const (
	NAT   Forward = 0
	Local Forward = 1
	Tun   Forward = 2
	DR    Forward = 3
)

var forwardNames = names[Forward]{"forwarding", map[Forward]string{NAT: "nat", Local: "local", Tun: "tun", DR: "dr"}}

func (f Forward) String() string                { return forwardNames.name(f) }
func (f Forward) MarshalText() ([]byte, error)  { return []byte(f.String()), nil }
func (f *Forward) UnmarshalText(b []byte) error { return forwardNames.parse(f, b) }

// TunnelType is the encapsulation; the values are the kernel's (IP_VS_CONN_F_TUNNEL_TYPE_*).
type TunnelType uint8

// The encapsulations.
const (
	IPIP TunnelType = 0
	GUE  TunnelType = 1
	GRE  TunnelType = 2
)

var tunnelNames = names[TunnelType]{"tunnel type", map[TunnelType]string{IPIP: "ipip", GUE: "gue", GRE: "gre"}}

func (t TunnelType) String() string                { return tunnelNames.name(t) }
func (t TunnelType) MarshalText() ([]byte, error)  { return []byte(t.String()), nil }
func (t *TunnelType) UnmarshalText(b []byte) error { return tunnelNames.parse(t, b) }

// TunnelSum is the checksum mode of a gue or gre tunnel; the values are the kernel's (IP_VS_TUNNEL_ENCAP_FLAG_*).
type TunnelSum uint8

// The checksum modes.
const (
	NoSum     TunnelSum = 0
	Sum       TunnelSum = 1
	RemoteSum TunnelSum = 2
)

var sumNames = names[TunnelSum]{"tunnel checksum", map[TunnelSum]string{NoSum: "none", Sum: "checksum", RemoteSum: "remote"}}

func (t TunnelSum) String() string                { return sumNames.name(t) }
func (t TunnelSum) MarshalText() ([]byte, error)  { return []byte(t.String()), nil }
func (t *TunnelSum) UnmarshalText(b []byte) error { return sumNames.parse(t, b) }

// String is "ipip", "gue port 6080 checksum" and the like.
func (t Tunnel) String() string {
	s := t.Type.String()
	if t.Port != 0 {
		s += " port " + strconv.Itoa(int(t.Port))
	}
	if t.Checksum != NoSum {
		s += " " + t.Checksum.String()
	}
	return s
}

// Attrs lists weight, forwarding, tunnel and thresholds.
func (d Dest) Attrs() []Attr {
	out := []Attr{{"weight", strconv.Itoa(int(d.Weight))}, {"forwarding", d.Forward.String()}}
	if d.Forward == Tun {
		out = append(out, Attr{"tunnel", d.Tunnel.String()})
	}
	return append(out, Attr{"upper_threshold", count(d.Upper)}, Attr{"lower_threshold", count(d.Lower)})
}

func count(n uint32) string {
	if n == 0 {
		return ""
	}
	return strconv.FormatUint(uint64(n), 10)
}

// Daemon is the settings of a connection-sync daemon.
type Daemon struct {
	SyncID    uint8      `json:"syncid"`
	Interface string     `json:"interface"`
	Group     netip.Addr `json:"group"`  // multicast group; 224.0.0.81 by default
	Port      uint16     `json:"port"`   // UDP; 8848 by default
	TTL       uint8      `json:"ttl"`    // 1 by default
	MaxLen    uint16     `json:"maxlen"` // bytes of one message
	// Detached is a live daemon whose interface was deleted under it, even if one of its name is there again: it neither sends nor
	// receives until it is started anew. It is never wanted.
	Detached bool `json:"detached,omitzero"`
}

// Attrs lists all settings.
func (d Daemon) Attrs() []Attr {
	iface := d.Interface
	if d.Detached {
		iface += " (deleted under it)"
	}
	return []Attr{
		{"syncid", strconv.Itoa(int(d.SyncID))}, {"interface", iface}, {"group", d.Group.String()},
		{"port", strconv.Itoa(int(d.Port))}, {"ttl", strconv.Itoa(int(d.TTL))}, {"maxlen", strconv.Itoa(int(d.MaxLen))},
	}
}

// Seconds is a timeout.
type Seconds uint32

// Attrs is the one value.
func (s Seconds) Attrs() []Attr { return []Attr{{"value", seconds(uint32(s))}} }

// Setting is the text of a sysctl, without a newline, its numbers separated by one blank.
type Setting string

// Attrs is the one value.
func (s Setting) Attrs() []Attr { return []Attr{{"value", string(s)}} }
