package spec

import (
	"iter"
	"net/netip"
	"slices"
	"time"

	"github.com/lbsync/lbsync/spec/internal/schema"
)

// VirtualServer is the block `virtual_server "NAME"`: one pool of real servers behind one or several IPVS services.
type VirtualServer struct {
	Name      string
	Addresses []netip.Addr // with Ports and Protocol; empty for a firewall mark
	Ports     []uint16     // 0 is every port
	Protocol  Proto
	FWMark    uint32
	Family    Family // of the firewall mark

	Service            Service
	Quorum, Hysteresis uint32
	SorryServer        *RealServer
	Inhibit            bool // a failed real server keeps its entry with weight 0
	StartDown          bool // real servers wait for their first successful check
	DrainTimeout       time.Duration
	SlowStart          time.Duration // 0: the whole weight at once
	HealthChecks       []HealthCheck // of every real server that declares none itself
	RealServers        []RealServer
	Paths              int // private services of its real path checks, which follows from the others

	Description, Owner string
	PreventDestroy     bool
	At                 Mark
}

// Keys are the IPVS services of the block, in order.
func (v *VirtualServer) Keys() []ServiceKey {
	return slices.AppendSeq(make([]ServiceKey, 0, v.Services()), v.EachKey())
}

// EachKey is Keys, one after the other.
func (v *VirtualServer) EachKey() iter.Seq[ServiceKey] {
	return func(yield func(ServiceKey) bool) {
		if v.FWMark != 0 {
			yield(MarkService(v.FWMark, v.Family))
			return
		}
		for _, a := range v.Addresses {
			for _, p := range v.Ports {
				if !yield(AddrService(v.Protocol, netip.AddrPortFrom(a, p))) {
					return
				}
			}
		}
	}
}

// MaxServices is how many IPVS services one block may stand for.
const MaxServices = 4096

// Schedulers are those that the kernel has (net/netfilter/ipvs/ip_vs_*.c).
var Schedulers = []string{"rr", "wrr", "lc", "wlc", "lblc", "lblcr", "sh", "mh", "dh", "fo", "ovf", "sed", "nq", "twos"}

// flagWords are the scheduler flags by all their words.
var flagWords = map[string]ServiceFlags{
	"flag-1": SchedFlag1, "sh-fallback": SchedFlag1, "mh-fallback": SchedFlag1,
	"flag-2": SchedFlag2, "sh-port": SchedFlag2, "mh-port": SchedFlag2,
	"flag-3": SchedFlag3,
}

// serverDraft is a virtual server while it is read.
type serverDraft struct {
	VirtualServer
	Forward Forward // of real servers that say nothing else
	Tunnel  Tunnel
	spans   []schema.Value
	flags   []schema.Value
	tunnel  bool // the block was written
	checks  []placedCheck
	sorry   *realDraft
	reals   []realDraft
}

// final is the virtual server without what only reading it needed.
func (s *serverDraft) final() *VirtualServer {
	v := s.VirtualServer
	return &v
}

var virtualServerFields = []schema.Field[serverDraft]{
	{Attr: schema.Attr{Name: "address", Kind: schema.Span, Unless: []string{"addresses", "fwmark"}, Doc: "Address, range or network; each address becomes an IPVS service. Needed unless there is addresses or fwmark"},
		Set: func(s *serverDraft, v schema.Value) { s.spans = append(s.spans, v) }},
	{Attr: schema.Attr{Name: "addresses", Kind: schema.Span, List: true, Doc: "Several of them", Keepalived: "virtual_server_group"},
		Set: func(s *serverDraft, v schema.Value) { s.spans = append(s.spans, v.List...) }},
	{Attr: schema.Attr{Name: "port", Kind: schema.Int, Max: 65535, Unless: []string{"ports", "fwmark"}, Doc: "Port; 0 is every port, and needs persistence. Needed unless there is ports or fwmark"},
		Set: func(s *serverDraft, v schema.Value) { s.Ports = append(s.Ports, uint16(v.Int)) }},
	{Attr: schema.Attr{Name: "ports", Kind: schema.Int, Max: 65535, List: true, Doc: "Several ports; each becomes an IPVS service"}, Set: setPorts},
	{Attr: schema.Attr{Name: "fwmark", Kind: schema.Int, Min: 1, Max: PathMarks - 1, Doc: "Firewall mark, instead of address, port and protocol; those above are lbsync's own"},
		Set: func(s *serverDraft, v schema.Value) { s.FWMark = uint32(v.Int) }},
	{Attr: schema.Attr{Name: "family", Kind: schema.Word, Words: []string{"ipv4", "ipv6"}, Doc: "Address family of the marked packets; needed with fwmark", Keepalived: "ip_family"},
		Set: func(s *serverDraft, v schema.Value) { s.Family = word(familyNames, v) }},
	{Attr: schema.Attr{Name: "protocol", Kind: schema.Word, Words: []string{"tcp", "udp", "sctp"}, Unless: []string{"fwmark"}, Doc: "Transport protocol. Needed unless there is fwmark"},
		Set: func(s *serverDraft, v schema.Value) { s.Protocol = word(protoNames, v) }},
	{Attr: schema.Attr{Name: "scheduler", Kind: schema.Word, Words: Schedulers, Required: true, Doc: "How a real server is chosen", Keepalived: "lvs_sched, lb_algo"},
		Set: func(s *serverDraft, v schema.Value) { s.Service.Scheduler = v.Str }},
	{Attr: schema.Attr{Name: "flags", Kind: schema.Word, Words: []string{"sh-fallback", "sh-port", "mh-fallback", "mh-port", "flag-1", "flag-2", "flag-3"}, List: true, Doc: "Flags of the scheduler", Keepalived: "flag-1, flag-2, flag-3, sh-port, sh-fallback, mh-port, mh-fallback"}, Set: setFlags},
	{Attr: schema.Attr{Name: "one_packet", Kind: schema.Bool, Default: "false", Doc: "Choose anew for each packet; UDP only", Keepalived: "ops"}, Set: setOnePacket},
	{Attr: schema.Attr{Name: "forwarding", Kind: schema.Word, Words: []string{"dr", "nat", "tun"}, Required: true, Doc: "How packets reach the real servers: direct routing, address translation or a tunnel", Keepalived: "lvs_method, lb_kind"},
		Set: func(s *serverDraft, v schema.Value) { s.Forward = word(forwardNames, v) }},
	{Attr: schema.Attr{Name: "persistence", Kind: schema.Duration, Min: second, Max: 31 * 86400 * second, Step: time.Second, Doc: "Time for which a client stays with its real server; not written: it does not", Keepalived: "persistence_timeout"},
		Set: func(s *serverDraft, v schema.Value) { s.Service.Persistence = uint32(v.Dur / time.Second) }},
	{Attr: schema.Attr{Name: "persistence_prefix", Kind: schema.Int, Min: 1, Max: 128, Doc: "Prefix length that makes clients one; 32 or 128, each for itself, if not written", Keepalived: "persistence_granularity"},
		Set: func(s *serverDraft, v schema.Value) { s.Service.Netmask = uint8(v.Int) }},
	{Attr: schema.Attr{Name: "persistence_engine", Kind: schema.Word, Words: []string{"sip"}, Doc: "Persistence by something else than the address: sip is the Call-ID"},
		Set: func(s *serverDraft, v schema.Value) { s.Service.Engine = v.Str }},
	{Attr: schema.Attr{Name: "quorum", Kind: schema.Int, Min: 1, Max: 1 << 30, Default: "1", Doc: "Weight of the live real servers below which the service counts as down"},
		Set: func(s *serverDraft, v schema.Value) { s.Quorum = uint32(v.Int) }},
	{Attr: schema.Attr{Name: "hysteresis", Kind: schema.Int, Max: 1 << 30, Default: "0", Doc: "Distance from quorum at which it is gained and lost"},
		Set: func(s *serverDraft, v schema.Value) { s.Hysteresis = uint32(v.Int) }},
	{Attr: schema.Attr{Name: "inhibit_on_failure", Kind: schema.Bool, Default: "false", Doc: "A failed real server keeps its entry with weight 0, and its connections"},
		Set: func(s *serverDraft, v schema.Value) { s.Inhibit = v.Bool }},
	{Attr: schema.Attr{Name: "start_state", Kind: schema.Word, Words: []string{"up", "down"}, Default: `"up"`, Doc: "down: real servers wait for their first successful check", Keepalived: "alpha"},
		Set: func(s *serverDraft, v schema.Value) { s.StartDown = v.Str == "down" }},
	{Attr: schema.Attr{Name: "drain_timeout", Kind: schema.Duration, Max: 7 * 86400 * second, Doc: "Time that a removed real server keeps its open connections"},
		Set: func(s *serverDraft, v schema.Value) { s.DrainTimeout = v.Dur }},
	{Attr: schema.Attr{Name: "slow_start", Kind: schema.Duration, Min: second, Max: 86400 * second, Doc: "Time in which the weight of a real server rises after it came back; not written: it has all of it at once"},
		Set: func(s *serverDraft, v schema.Value) { s.SlowStart = v.Dur }},
	{Attr: schema.Attr{Name: "description", MaxLen: 1024, Doc: "For people"}, Set: func(s *serverDraft, v schema.Value) { s.Description = v.Str }},
	{Attr: schema.Attr{Name: "owner", MaxLen: 256, Doc: "Who answers for it"}, Set: func(s *serverDraft, v schema.Value) { s.Owner = v.Str }},
}

var virtualServerBlock = schema.New(schema.Block[serverDraft]{
	Name:       "virtual_server",
	Doc:        "One pool of real servers behind one or several IPVS services.",
	Keepalived: "virtual_server",
	Label:      &schema.Field[serverDraft]{Attr: schema.Attr{Name: "NAME", MaxLen: 128, Doc: "Name of the virtual server, once in the cluster"}, Set: func(s *serverDraft, v schema.Value) { s.Name = v.Str }},
	Attrs:      virtualServerFields,
	Blocks: []schema.Nested[serverDraft]{
		schema.One(tunnelBlock, func(_ *schema.Decoder, s *serverDraft, t *Tunnel, _ *schema.Instance) { s.Tunnel, s.tunnel = *t, true }),
		schema.Many(healthCheckBlock, func(_ *schema.Decoder, s *serverDraft, h *HealthCheck, in *schema.Instance) {
			s.HealthChecks, s.checks = append(s.HealthChecks, *h), append(s.checks, placedCheck{h, in})
		}),
		schema.One(sorryServerBlock, func(_ *schema.Decoder, s *serverDraft, r *realDraft, _ *schema.Instance) { s.sorry = r }),
		schema.Many(realServerBlock, func(_ *schema.Decoder, s *serverDraft, r *realDraft, _ *schema.Instance) {
			s.reals = append(s.reals, *r)
		}),
		schema.One(lifecycleBlock, func(_ *schema.Decoder, s *serverDraft, l *lifecycle, _ *schema.Instance) {
			s.PreventDestroy = l.preventDestroy
		}),
	},
	Check: checkVirtualServer,
})

func setPorts(s *serverDraft, v schema.Value) {
	for _, e := range v.List {
		s.Ports = append(s.Ports, uint16(e.Int))
	}
}

func setFlags(s *serverDraft, v schema.Value) {
	for _, e := range v.List {
		s.Service.Flags |= flagWords[e.Str]
	}
	s.flags = v.List
}

func setOnePacket(s *serverDraft, v schema.Value) {
	if v.Bool {
		s.Service.Flags |= OnePacket
	}
}

// lifecycle is the block of that name.
type lifecycle struct{ preventDestroy bool }

var lifecycleBlock = schema.New(schema.Block[lifecycle]{
	Name: "lifecycle",
	Doc:  "Care for what must not be lost.",
	Attrs: []schema.Field[lifecycle]{
		{Attr: schema.Attr{Name: "prevent_destroy", Kind: schema.Bool, Required: true, Doc: "true: a commit that removes this is refused"},
			Set: func(l *lifecycle, v schema.Value) { l.preventDestroy = v.Bool }},
	},
})
