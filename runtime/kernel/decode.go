package kernel

import (
	"cmp"
	"net/netip"

	"github.com/lbsync/lbsync/spec"
)

// counted is a row with its counters still undecoded: most readers do not want them.
type counted[K spec.RowKey[K], V spec.RowValue] struct {
	spec.Row[K, V]
	stats  []byte
	active [3]uint32 // active, inactive, persistent connections of a real server
}

type (
	serviceRecord = counted[spec.ServiceKey, spec.Service]
	destRecord    = counted[spec.DestKey, spec.Dest]
)

// nested finds one top-level attribute.
func nested(a attrs, typ uint16) (attrs, error) {
	for a.next() {
		if a.typ == typ {
			return attrs{rest: a.val}, nil
		}
	}
	return attrs{}, cmp.Or(a.err, errMalformed)
}

func decodeService(top attrs) (serviceRecord, error) {
	var out serviceRecord
	var addr, mask []byte
	var port uint16
	var flags uint32
	a, err := nested(top, attrService)
	k, s := &out.Key, &out.Value
	for a.next() {
		switch a.typ {
		case svcFamily:
			k.Family = familyOf(a.u16())
		case svcProtocol:
			k.Proto = spec.Proto(a.u16())
		case svcAddr:
			addr = a.sized(16)
		case svcPort:
			port = a.be16()
		case svcFWMark:
			k.FWMark = a.u32()
		case svcScheduler:
			s.Scheduler = a.text()
		case svcEngine:
			s.Engine = a.text()
		case svcFlags:
			flags = a.u32()
		case svcTimeout:
			s.Persistence = a.u32()
		case svcNetmask:
			mask = a.sized(4)
		case svcStats, svcStats64: // the wider ones come last
			out.stats = a.val
		}
	}
	if err = cmp.Or(err, a.err); err != nil || mask == nil || k.FWMark == 0 && addr == nil {
		return out, wrong("service", cmp.Or(err, errMalformed))
	}
	if k.FWMark == 0 {
		k.Addr = netip.AddrPortFrom(address(k.Family, addr), port)
	}
	s.Netmask = prefixOf(k.Family, mask)
	*s = normalService(*s, flags)
	return out, nil
}

// decodeDest reads a real server of the service.
func decodeDest(service spec.ServiceKey, top attrs) (destRecord, error) {
	out := destRecord{Row: spec.Row[spec.DestKey, spec.Dest]{Key: spec.DestKey{Service: service}}}
	var addr []byte
	var port uint16
	var flags uint32
	fam := service.Family
	a, err := nested(top, attrDest)
	d := &out.Value
	for a.next() {
		switch a.typ {
		case dstAddr:
			addr = a.sized(16)
		case dstPort:
			port = a.be16()
		case dstFamily:
			fam = familyOf(a.u16())
		case dstForward:
			flags = a.u32()
		case dstWeight:
			d.Weight = int32(a.u32())
		case dstUpper:
			d.Upper = a.u32()
		case dstLower:
			d.Lower = a.u32()
		case dstTunType:
			d.Tunnel.Type = spec.TunnelType(a.u8())
		case dstTunPort:
			d.Tunnel.Port = a.be16()
		case dstTunFlags:
			d.Tunnel.Checksum = spec.TunnelSum(a.u16())
		case dstActive, dstInactive, dstPersistent:
			out.active[a.typ-dstActive] = a.u32()
		case dstStats, dstStats64:
			out.stats = a.val
		}
	}
	if err = cmp.Or(err, a.err); err != nil || addr == nil {
		return out, wrong("real server", cmp.Or(err, errMalformed))
	}
	out.Key.Addr = netip.AddrPortFrom(address(fam, addr), port)
	*d = normalDest(*d, flags)
	return out, nil
}

func decodeDaemon(top attrs) (spec.Row[spec.Role, spec.Daemon], error) {
	var out spec.Row[spec.Role, spec.Daemon]
	a, err := nested(top, attrDaemon)
	d := &out.Value
	for a.next() {
		switch a.typ {
		case daemonState:
			out.Key = spec.Role(a.u32())
		case daemonInterface:
			d.Interface = a.text()
		case daemonSyncID:
			d.SyncID = uint8(a.u32())
		case daemonMaxLen:
			d.MaxLen = a.u16()
		case daemonGroup:
			d.Group = address(spec.IPv4, a.sized(4))
		case daemonGroup6:
			d.Group = address(spec.IPv6, a.sized(16))
		case daemonPort:
			d.Port = a.u16()
		case daemonTTL:
			d.TTL = a.u8()
		}
	}
	return out, wrong("sync daemon", cmp.Or(err, a.err))
}

func decodeTimeouts(top attrs) (spec.Rows[spec.TimeoutKey, spec.Seconds], error) {
	var out spec.Rows[spec.TimeoutKey, spec.Seconds]
	for top.next() {
		for k, attr := range timeoutAttrs {
			if attr == top.typ {
				out = append(out, spec.Row[spec.TimeoutKey, spec.Seconds]{Key: k, Value: spec.Seconds(top.u32())})
			}
		}
	}
	out.Sort()
	return out, wrong("timeouts", top.err)
}

func decodeCounters(b []byte) (spec.Counters, error) {
	var c spec.Counters
	to := map[uint16]*uint64{
		statConns: &c.Connections, statInPackets: &c.InPackets, statOutPackets: &c.OutPackets, statInBytes: &c.InBytes, statOutBytes: &c.OutBytes,
		statConnRate: &c.ConnectionRate, statInPacketRate: &c.InPacketRate, statOutPacketRate: &c.OutPacketRate,
		statInByteRate: &c.InByteRate, statOutByteRate: &c.OutByteRate,
	}
	a := attrs{rest: b}
	for a.next() {
		if n := to[a.typ]; n != nil {
			*n = a.number()
		}
	}
	return c, wrong("counters", a.err)
}
