package reconcile

import (
	"crypto/sha256"
	"encoding/binary"
	"net/netip"

	"github.com/lbsync/lbsync/spec"
)

// digest is SHA-256 over what the steps do, in order: phase, action, key and both settings of each change. Why a change is needed and
// where it is declared is not part of it, so moving a block within its file gives the same plan.
func digest(steps []spec.Step) spec.Digest {
	h := sha256.New()
	buf := make([]byte, 0, 512)
	for _, s := range steps {
		for i := range s.Changes {
			buf = appendChange(append(buf[:0], byte(s.Phase)), &s.Changes[i])
			h.Write(buf)
		}
	}
	return spec.Digest(h.Sum(nil))
}

// The encoding is unambiguous: each part has a fixed length or begins with its own, and kinds and absent values have their tag.
const (
	tagNone byte = iota
	tagService
	tagDest
	tagDaemon
	tagTimeout
	tagSysctl
	tagVRRP
)

func appendChange(b []byte, c *spec.Change) []byte {
	b = appendKey(append(b, byte(c.Action)), c.Key)
	return appendValue(appendValue(b, c.Before), c.After)
}

func appendKey(b []byte, k spec.Key) []byte {
	switch k := k.(type) {
	case spec.ServiceKey:
		return appendServiceKey(append(b, tagService), k)
	case spec.DestKey:
		return appendAddrPort(appendServiceKey(append(b, tagDest), k.Service), k.Addr)
	case spec.Role:
		return append(b, tagDaemon, byte(k))
	case spec.TimeoutKey:
		return appendText(append(b, tagTimeout), string(k))
	case spec.SysctlKey:
		return appendText(append(b, tagSysctl), string(k))
	}
	return appendVRRPKey(b, k)
}

func appendValue(b []byte, v spec.Value) []byte {
	switch v := v.(type) {
	case nil:
		return append(b, tagNone)
	case spec.Service:
		b = appendText(append(b, tagService), v.Scheduler)
		b = appendUint32(appendUint32(b, uint32(v.Flags)), v.Persistence)
		return appendText(append(b, v.Netmask), v.Engine)
	case spec.Dest:
		b = appendUint32(append(b, tagDest, byte(v.Forward)), uint32(v.Weight))
		b = appendUint32(appendUint32(b, v.Upper), v.Lower)
		return append(appendUint16(b, v.Tunnel.Port), byte(v.Tunnel.Type), byte(v.Tunnel.Checksum))
	case spec.Daemon:
		b = appendText(append(b, tagDaemon, v.SyncID, v.TTL), v.Interface)
		if v.Detached {
			b = append(b, 1)
		}
		return appendAddr(appendUint16(appendUint16(b, v.Port), v.MaxLen), v.Group)
	case spec.Seconds:
		return appendUint32(append(b, tagTimeout), uint32(v))
	case spec.Setting:
		return appendText(append(b, tagSysctl), string(v))
	}
	return appendVRRPValue(b, v)
}

func appendServiceKey(b []byte, k spec.ServiceKey) []byte {
	return appendAddrPort(append(appendUint32(b, k.FWMark), byte(k.Family), byte(k.Proto)), k.Addr)
}

func appendAddrPort(b []byte, a netip.AddrPort) []byte {
	return appendUint16(appendAddr(b, a.Addr()), a.Port())
}

// appendAddr writes the length before the bytes; a zone is among them.
func appendAddr(b []byte, a netip.Addr) []byte {
	at := len(b)
	b, err := a.AppendBinary(append(b, 0, 0))
	if err != nil {
		panic(err) // documented never to happen
	}
	binary.BigEndian.PutUint16(b[at:], uint16(len(b)-at-2))
	return b
}

func appendText(b []byte, s string) []byte {
	return append(appendUint32(b, uint32(len(s))), s...)
}

func appendUint16(b []byte, v uint16) []byte { return binary.BigEndian.AppendUint16(b, v) }
func appendUint32(b []byte, v uint32) []byte { return binary.BigEndian.AppendUint32(b, v) }
