package spec

import (
	"fmt"
	"maps"
	"net/netip"
	"slices"

	"github.com/lbsync/lbsync/spec/internal/schema"
)

// Director is the block `director "NAME"`: one host that runs lbsync.
type Director struct {
	Name       string
	Endpoint   netip.AddrPort // where peers reach it; zero if not given
	PublicKey  string         // "ed25519:BASE64"; "" if not given
	Labels     map[string]string
	Interfaces []Interface
	Sysctls    []Sysctl // held at these values
	At         Mark
}

// Interface is the block `interface "NAME"` of a director.
type Interface struct {
	Name    string
	Segment string // the layer-2 segment; ports of one segment name share it, and so do all ports that name none
	At      Mark
}

// Sysctl is one entry of a director's `sysctls`, or of a block that has some among its attributes.
type Sysctl struct {
	Key   SysctlKey
	Value Setting
	Usual bool // it is a default: what is written for the director goes before
	At    Mark
}

// Segment is the layer-2 segment of a port; "" is the one that every port is on unless the fleet says otherwise.
func (d *Director) Segment(port string) string {
	for _, i := range d.Interfaces {
		if i.Name == port {
			return i.Segment
		}
	}
	return ""
}

// Exchanging are this director and the others of those of its clusters in which everybody can be reached: only there the directors can
// agree on an order.
func (v View) Exchanging() []Director {
	var out []Director
	for i := range v.Clusters {
		var all []Director
		for _, name := range v.Clusters[i].Directors {
			if d, known := v.DirectorNamed(name); known && d.Reachable() {
				all = append(all, *d)
			}
		}
		if len(all) == len(v.Clusters[i].Directors) {
			out = append(out, all...)
		}
	}
	return out
}

// Reachable says whether the others can ask this director, and be sure that it is the one that answers.
func (d *Director) Reachable() bool { return d.Endpoint.IsValid() && d.PublicKey != "" }

// maxInterface is the length of an interface's name (IFNAMSIZ less its end).
const maxInterface = 15

var interfaceBlock = schema.New(schema.Block[Interface]{
	Name:  "interface",
	Doc:   "A port of the director. Only those need one that share no layer-2 segment with all the others.",
	Label: &schema.Field[Interface]{Attr: schema.Attr{Name: "NAME", MaxLen: maxInterface, Doc: "Name of the interface"}, Set: func(i *Interface, v schema.Value) { i.Name, i.At = v.Str, Mark(v.At) }},
	Attrs: []schema.Field[Interface]{
		{Attr: schema.Attr{Name: "segment", Doc: "Name of its layer-2 segment; ports that name none are on one segment together"}, Set: func(i *Interface, v schema.Value) { i.Segment = v.Str }},
	},
})

var directorBlock = schema.New(schema.Block[Director]{
	Name:  "director",
	Doc:   "A host that runs lbsync.",
	Label: &schema.Field[Director]{Attr: schema.Attr{Name: "NAME", MaxLen: 64, Doc: "Name of the director, as its agent's configuration gives it"}, Set: func(d *Director, v schema.Value) { d.Name = v.Str }},
	Attrs: []schema.Field[Director]{
		{Attr: schema.Attr{Name: "endpoint", Kind: schema.AddrPort, Doc: "Where the other directors and operators reach it, with a port"},
			Set: func(d *Director, v schema.Value) { d.Endpoint = netip.AddrPortFrom(v.Addr, v.Port) }},
		{Attr: schema.Attr{Name: "public_key", Doc: "\"ed25519:\" and the base64 of its 32 bytes, as `lbsync keygen` prints it; the others pin it"},
			Set: func(d *Director, v schema.Value) { d.PublicKey = v.Str }},
		{Attr: schema.Attr{Name: "labels", Map: true, MaxLen: 256, Doc: "Words of your own"}, Set: setLabels},
		{Attr: schema.Attr{Name: "sysctls", Kind: schema.Text, Map: true, Doc: "Kernel settings that are held at these values, by dotted name: net.ipv4.vs.* and the other net.*"}, Set: setSysctls},
	},
	Blocks: []schema.Nested[Director]{
		schema.Many(interfaceBlock, addInterface),
	},
	Check: checkDirector,
})

func setLabels(d *Director, v schema.Value) {
	d.Labels = make(map[string]string, len(v.By))
	for k, e := range v.By {
		d.Labels[k] = e.Str
	}
}

func setSysctls(d *Director, v schema.Value) {
	for _, k := range slices.Sorted(maps.Keys(v.By)) {
		d.Sysctls = append(d.Sysctls, Sysctl{Key: SysctlKey(k), Value: Setting(v.By[k].Str), At: Mark(v.By[k].At)})
	}
}

func addInterface(dec *schema.Decoder, d *Director, i *Interface, in *schema.Instance) {
	if slices.ContainsFunc(d.Interfaces, func(o Interface) bool { return o.Name == i.Name }) {
		dec.Error(in.Header, "Second interface "+i.Name, fmt.Sprintf("The director has an interface %q already: merge the two.", i.Name))
		return
	}
	d.Interfaces = append(d.Interfaces, *i)
}

func checkDirector(dec *schema.Decoder, in *schema.Instance, d *Director) {
	d.At = Mark(dec.Mark(in.Header))
	if in.Has("endpoint") && d.Endpoint.Port() == 0 {
		dec.Error(in.At("endpoint"), "Endpoint without a port", fmt.Sprintf("Write the port too: \"%s\".", netip.AddrPortFrom(d.Endpoint.Addr(), 7946)))
	}
	checkPublicKey(dec, in, d.PublicKey)
	for _, s := range d.Sysctls {
		checkSysctlName(dec, in, string(s.Key))
	}
}
