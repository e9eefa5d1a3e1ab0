package kernel

import (
	"encoding/binary"

	"github.com/lbsync/lbsync/spec"
)

func (m *messages) serviceKey(k spec.ServiceKey) {
	m.u16(svcFamily, family(k.Family))
	if k.FWMark != 0 {
		m.u32(svcFWMark, k.FWMark)
		return
	}
	m.u16(svcProtocol, uint16(k.Proto))
	m.bytes(svcAddr, k.Addr.Addr().AsSlice())
	m.be16(svcPort, k.Addr.Port())
}

func (m *messages) service(k spec.ServiceKey, s spec.Service) {
	flags := uint32(s.Flags)
	if s.Persistence != 0 {
		flags |= flagPersistent
	}
	n := m.nest(attrService)
	m.serviceKey(k)
	m.text(svcScheduler, s.Scheduler)
	if s.Engine != "" {
		m.text(svcEngine, s.Engine)
	}
	// The mask covers every flag: those that are not named are cleared.
	m.bytes(svcFlags, binary.NativeEndian.AppendUint32(binary.NativeEndian.AppendUint32(nil, flags), ^uint32(0)))
	m.u32(svcTimeout, s.Persistence)
	m.bytes(svcNetmask, netmask(k.Family, s))
	m.close(n)
}

// onlyServiceKey is what a removal, and a request for real servers, need.
func (m *messages) onlyServiceKey(k spec.ServiceKey) {
	n := m.nest(attrService)
	m.serviceKey(k)
	m.close(n)
}

func (m *messages) destKey(k spec.DestKey) {
	m.bytes(dstAddr, k.Addr.Addr().AsSlice())
	m.be16(dstPort, k.Addr.Port())
	// Without its family the kernel takes the address for one of the service's: an IPv6 real server of an IPv4 service would become
	// the IPv4 one of its first four bytes.
	m.u16(dstFamily, family(spec.FamilyOf(k.Addr.Addr())))
}

// dest gives every attribute, on edits too: the kernel makes a plain ipip tunnel of a real server whose tunnel is not repeated.
func (m *messages) dest(k spec.DestKey, d spec.Dest) {
	m.onlyServiceKey(k.Service)
	n := m.nest(attrDest)
	m.destKey(k)
	m.u32(dstForward, uint32(d.Forward))
	m.u32(dstWeight, uint32(d.Weight))
	m.u32(dstUpper, d.Upper)
	m.u32(dstLower, d.Lower)
	m.u8(dstTunType, uint8(d.Tunnel.Type))
	m.be16(dstTunPort, d.Tunnel.Port)
	m.u16(dstTunFlags, uint16(d.Tunnel.Checksum))
	m.close(n)
}

func (m *messages) onlyDestKey(k spec.DestKey) {
	m.onlyServiceKey(k.Service)
	n := m.nest(attrDest)
	m.destKey(k)
	m.close(n)
}

func (m *messages) daemon(r spec.Role, d spec.Daemon) {
	n := m.nest(attrDaemon)
	m.u32(daemonState, uint32(r))
	m.text(daemonInterface, d.Interface)
	m.u32(daemonSyncID, uint32(d.SyncID))
	m.u16(daemonMaxLen, d.MaxLen)
	if d.Group.Is6() {
		m.bytes(daemonGroup6, d.Group.AsSlice())
	} else {
		m.bytes(daemonGroup, d.Group.AsSlice())
	}
	m.u16(daemonPort, d.Port)
	m.u8(daemonTTL, d.TTL)
	m.close(n)
}

// onlyRole is all that the kernel looks at to stop a daemon.
func (m *messages) onlyRole(r spec.Role) {
	n := m.nest(attrDaemon)
	m.u32(daemonState, uint32(r))
	m.close(n)
}

// timeoutAttrs are the attributes of the timeouts. One that is not sent stays as it is.
var timeoutAttrs = map[spec.TimeoutKey]uint16{
	spec.TimeoutTCP: attrTimeoutTCP, spec.TimeoutTCPFin: attrTimeoutTCPFin, spec.TimeoutUDP: attrTimeoutUDP,
}
