package spec

import (
	"encoding/binary"
	"net/netip"
)

// viewWriter encodes virtual servers: numbers as varints, words that many share as numbers of a table.
type viewWriter struct {
	b     []byte
	words map[string]uint64
	table []string
	rare  []rareBits
}

func (w *viewWriter) uint(v uint64) { w.b = binary.AppendUvarint(w.b, v) }

func (w *viewWriter) word(s string) {
	n, known := w.words[s]
	if !known {
		n = uint64(len(w.table))
		w.words[s], w.table = n, append(w.table, s)
	}
	w.uint(n)
}

func (w *viewWriter) text(s string) {
	w.uint(uint64(len(s)))
	w.b = append(w.b, s...)
}

// flags packs up to 8 of them.
func (w *viewWriter) flags(all ...bool) {
	var b byte
	for i, f := range all {
		if f {
			b |= 1 << i
		}
	}
	w.b = append(w.b, b)
}

// addr writes an address behind its length; a zone is part of it.
func (w *viewWriter) addr(a netip.Addr) {
	at := len(w.b)
	b, err := a.AppendBinary(append(w.b, 0))
	if err != nil || len(b)-at-1 > 255 {
		panic("an address that cannot be encoded") // the schema takes no zone that long
	}
	b[at] = byte(len(b) - at - 1)
	w.b = b
}

func (w *viewWriter) mark(m Mark) {
	w.uint(uint64(m.Line))
	w.uint(uint64(m.Col))
	w.uint(uint64(m.Len))
}

// bits refers to what is rare, 0 where there is nothing.
func (w *viewWriter) bits(r rareBits) {
	if r.Sorry == nil && len(r.Checks) == 0 {
		w.uint(0)
		return
	}
	w.rare = append(w.rare, r)
	w.uint(uint64(len(w.rare)))
}

func (w *viewWriter) cluster(c *Cluster) {
	w.uint(uint64(len(c.VirtualServers)))
	for _, v := range c.VirtualServers {
		w.word(v.Place.File)
		w.uint(uint64(v.Place.Base))
		w.server(v.Def)
	}
}

func (w *viewWriter) server(v *VirtualServer) {
	w.text(v.Name)
	w.uint(uint64(len(v.Addresses)))
	for _, a := range v.Addresses {
		w.addr(a)
	}
	w.uint(uint64(len(v.Ports)))
	for _, p := range v.Ports {
		w.uint(uint64(p))
	}
	w.b = append(w.b, byte(v.Protocol), byte(v.Family), v.Service.Netmask)
	w.flags(v.Inhibit, v.StartDown, v.PreventDestroy)
	for _, n := range []uint64{uint64(v.FWMark), uint64(v.Service.Flags), uint64(v.Service.Persistence), uint64(v.Quorum), uint64(v.Hysteresis), uint64(v.DrainTimeout), uint64(v.SlowStart)} {
		w.uint(n)
	}
	for _, s := range []string{v.Service.Scheduler, v.Service.Engine, v.Description, v.Owner} {
		w.word(s)
	}
	w.mark(v.At)
	w.bits(rareBits{v.SorryServer, v.HealthChecks})
	w.uint(uint64(len(v.RealServers)))
	for i := range v.RealServers {
		w.real(&v.RealServers[i])
	}
}

func (w *viewWriter) real(r *RealServer) {
	w.addr(r.Addr.Addr())
	w.uint(uint64(r.Addr.Port()))
	w.uint(uint64(uint32(r.Dest.Weight)))
	w.b = append(w.b, byte(r.Dest.Forward), byte(r.Dest.Tunnel.Type), byte(r.Dest.Tunnel.Checksum))
	w.uint(uint64(r.Dest.Tunnel.Port))
	w.uint(uint64(r.Dest.Upper))
	w.uint(uint64(r.Dest.Lower))
	w.mark(r.At)
	w.bits(rareBits{Checks: r.HealthChecks})
}
