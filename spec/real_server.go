package spec

import (
	"net/netip"

	"github.com/hashicorp/hcl/v2"
	"github.com/lbsync/lbsync/spec/internal/schema"
)

// RealServer is the block `real_server "ADDRESS[:PORT]"`. Port 0 is the port of the service it stands in.
type RealServer struct {
	Addr         netip.AddrPort
	Dest         Dest // forwarding and tunnel already inherited from the virtual server
	HealthChecks []HealthCheck
	At           Mark
}

// Key is the real server's identity within a service.
func (r *RealServer) Key(s ServiceKey) DestKey {
	port := r.Addr.Port()
	if port == 0 {
		port = s.Addr.Port()
	}
	return DestKey{Service: s, Addr: netip.AddrPortFrom(r.Addr.Addr(), port)}
}

// realDraft is a real server while it is read: what it does not say comes from its virtual server.
type realDraft struct {
	RealServer
	forward, tunnel bool      // written
	header          hcl.Range // for messages
	checks          []placedCheck
}

var realServerLabel = &schema.Field[realDraft]{
	Attr: schema.Attr{Name: "ADDRESS[:PORT]", Kind: schema.AddrPort, Doc: "Address, and port where it is not that of the service"},
	Set: func(r *realDraft, v schema.Value) {
		r.Addr, r.At, r.header = netip.AddrPortFrom(v.Addr, v.Port), Mark(v.At), v.Range
	},
}

var realServerFields = []schema.Field[realDraft]{
	{Attr: schema.Attr{Name: "weight", Kind: schema.Int, Max: 65535, Default: "1", Doc: "Share of new connections; 0 takes none"},
		Set: func(r *realDraft, v schema.Value) { r.Dest.Weight = int32(v.Int) }},
	{Attr: schema.Attr{Name: "upper_threshold", Kind: schema.Int, Max: 1<<32 - 1, Default: "0", Doc: "Connections above which it takes no new ones; 0 is no limit", Keepalived: "uthreshold"},
		Set: func(r *realDraft, v schema.Value) { r.Dest.Upper = uint32(v.Int) }},
	{Attr: schema.Attr{Name: "lower_threshold", Kind: schema.Int, Max: 1<<32 - 1, Default: "0", Doc: "Connections below which it takes new ones again; 0 is three quarters of upper_threshold", Keepalived: "lthreshold"},
		Set: func(r *realDraft, v schema.Value) { r.Dest.Lower = uint32(v.Int) }},
	realForwarding,
}

var realForwarding = schema.Field[realDraft]{
	Attr: schema.Attr{Name: "forwarding", Kind: schema.Word, Words: []string{"dr", "nat", "tun"}, Doc: "Instead of that of the virtual server", Keepalived: "lvs_method, sorry_server_lvs_method"},
	Set:  func(r *realDraft, v schema.Value) { r.Dest.Forward, r.forward = word(forwardNames, v), true },
}

var realTunnel = schema.One(tunnelBlock, func(_ *schema.Decoder, r *realDraft, t *Tunnel, _ *schema.Instance) {
	r.Dest.Tunnel, r.tunnel = *t, true
})

var realServerBlock = schema.New(schema.Block[realDraft]{
	Name:       "real_server",
	Doc:        "A server that does the work.",
	Keepalived: "real_server",
	Label:      realServerLabel,
	Attrs:      realServerFields,
	Blocks: []schema.Nested[realDraft]{
		realTunnel,
		schema.Many(healthCheckBlock, func(_ *schema.Decoder, r *realDraft, h *HealthCheck, in *schema.Instance) {
			r.HealthChecks, r.checks = append(r.HealthChecks, *h), append(r.checks, placedCheck{h, in})
		}),
	},
})

var sorryServerBlock = schema.New(schema.Block[realDraft]{
	Name:       "sorry_server",
	Doc:        "Stands in for all real servers when the quorum is lost.",
	Keepalived: "sorry_server",
	Label:      realServerLabel,
	Attrs:      []schema.Field[realDraft]{realForwarding},
	Blocks:     []schema.Nested[realDraft]{realTunnel},
})

var tunnelBlock = schema.New(schema.Block[Tunnel]{
	Name: "tunnel",
	Doc:  "How packets are wrapped with forwarding = \"tun\"; ipip if not written.",
	Attrs: []schema.Field[Tunnel]{
		{Attr: schema.Attr{Name: "type", Kind: schema.Word, Words: []string{"ipip", "gue", "gre"}, Required: true, Doc: "Encapsulation"},
			Set: func(t *Tunnel, v schema.Value) { t.Type = word(tunnelNames, v) }},
		{Attr: schema.Attr{Name: "port", Kind: schema.Int, Min: 1, Max: 65535, Doc: "UDP port of gue, which needs one"},
			Set: func(t *Tunnel, v schema.Value) { t.Port = uint16(v.Int) }},
		{Attr: schema.Attr{Name: "checksum", Kind: schema.Word, Words: []string{"none", "checksum", "remote"}, Default: `"none"`, Doc: "Checksum of gue and gre; remote is remote checksum offload, of gue only", Keepalived: "csum, nocsum, remcsum"},
			Set: func(t *Tunnel, v schema.Value) { t.Checksum = word(sumNames, v) }},
	},
	Check: checkTunnel,
})

func checkTunnel(d *schema.Decoder, in *schema.Instance, t *Tunnel) {
	switch {
	case t.Type == GUE && t.Port == 0:
		d.Error(in.Header, "Missing port", "A gue tunnel needs the UDP port on which the real server listens: write port = 6080.")
	case t.Type != GUE && t.Port != 0:
		d.Error(in.At("port"), "Port not possible", "Only a gue tunnel has a port: remove it, or write type = \"gue\".")
	case t.Type == IPIP && t.Checksum != NoSum:
		d.Error(in.At("checksum"), "Checksum not possible", "An ipip tunnel has no checksum: remove it, or choose gue or gre.")
	case t.Type == GRE && t.Checksum == RemoteSum:
		d.Error(in.At("checksum"), "Checksum not possible", "Remote checksum offload is a feature of gue: write \"checksum\" or \"none\".")
	}
}
