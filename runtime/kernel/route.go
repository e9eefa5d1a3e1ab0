package kernel

import (
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/spec"
)

// AddRoutes adds virtual routes, tagged ProtoVRRP. Errors are in the order of rows; unix.EEXIST: there is one to the same destination with
// the same metric in the table. They are packed like addresses, since they are part of a transition too.
func (l *Links) AddRoutes(rows spec.Rows[spec.RouteKey, spec.Route]) []error {
	errs := l.routes(rows, unix.RTM_NEWROUTE, unix.NLM_F_CREATE|unix.NLM_F_EXCL)
	return naming(errs, func(i int) string { return "add route " + rows[i].Key.To.String() })
}

// DelRoutes removes virtual routes, only those tagged as ours. unix.ESRCH: it was not there.
func (l *Links) DelRoutes(rows spec.Rows[spec.RouteKey, spec.Route]) []error {
	errs := l.routes(rows, unix.RTM_DELROUTE, 0)
	return naming(errs, func(i int) string { return "remove route " + rows[i].Key.To.String() })
}

func (l *Links) routes(rows spec.Rows[spec.RouteKey, spec.Route], typ, flags uint16) []error {
	index := l.indices(rows)
	return l.socket.pack(len(rows), func(i int) error {
		r := rows[i]
		device := index[r.Value.Device]
		if r.Value.Device != "" && device == 0 {
			return fmt.Errorf("device %s: %w", r.Value.Device, unix.ENODEV)
		}
		if via := r.Value.Via; via.IsValid() && via.Is4() != r.Key.To.Addr().Is4() {
			return fmt.Errorf("via %s is of another family", via)
		}
		scope := uint8(unix.RT_SCOPE_UNIVERSE)
		switch {
		case typ == unix.RTM_DELROUTE:
			scope = unix.RT_SCOPE_NOWHERE // of any
		case !r.Value.Via.IsValid() && r.Key.To.Addr().Is4():
			scope = unix.RT_SCOPE_LINK
		}
		l.socket.begin(typ, flags).route(r, device, scope)
		return nil
	})
}

// indices are those of the devices of routes; one that is missing has none. They are read before any message is collected.
func (l *Links) indices(rows spec.Rows[spec.RouteKey, spec.Route]) map[string]int {
	out := map[string]int{"": 0}
	for _, r := range rows {
		if _, known := out[r.Value.Device]; !known {
			found, _ := l.Link(r.Value.Device) // the zero index is the error
			out[r.Value.Device] = found.Index
		}
	}
	return out
}

// route is struct rtmsg with its attributes.
func (m *messages) route(r spec.Row[spec.RouteKey, spec.Route], device int, scope uint8) {
	to := r.Key.To
	m.buf = append(m.buf, addressFamily(to.Addr()), uint8(to.Bits()), 0, 0, unix.RT_TABLE_UNSPEC, ProtoVRRP, scope, unix.RTN_UNICAST, 0, 0, 0, 0)
	m.addr(unix.RTA_DST, to.Masked().Addr())
	m.u32(unix.RTA_TABLE, r.Key.Table)
	if r.Key.Metric != 0 {
		m.u32(unix.RTA_PRIORITY, r.Key.Metric)
	}
	if r.Value.Via.IsValid() {
		m.addr(unix.RTA_GATEWAY, r.Value.Via)
	}
	if device != 0 {
		m.u32(unix.RTA_OIF, uint32(device))
	}
	if r.Value.Source.IsValid() {
		m.addr(unix.RTA_PREFSRC, r.Value.Source)
	}
}

func addressFamily(a netip.Addr) uint8 {
	if a.Is4() {
		return unix.AF_INET
	}
	return unix.AF_INET6
}

// Routes lists those tagged as ours, of all tables. Their keys have no instance, which the kernel does not keep; metric 0 of IPv6 is the
// kernel's 1024.
func (l *Links) Routes() (out spec.Rows[spec.RouteKey, spec.Route], err error) {
	all, err := l.All()
	if err != nil {
		return nil, err
	}
	names := map[int]string{}
	for _, link := range all {
		names[link.Index] = link.Name
	}
	for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
		rows, err := l.routesOf(family, names)
		if err != nil {
			return nil, fmt.Errorf("list routes: %w", err)
		}
		out = append(out, rows...)
	}
	out.Sort()
	return out, nil
}

func (l *Links) routesOf(family uint8, names map[int]string) (out spec.Rows[spec.RouteKey, spec.Route], err error) {
	err = settled(func() error {
		out = out[:0]
		m := l.socket.begin(unix.RTM_GETROUTE, unix.NLM_F_DUMP)
		m.buf = append(m.buf, family, 0, 0, 0, 0, ProtoVRRP, 0, 0, 0, 0, 0, 0)
		m.end()
		return l.socket.ask(func(a answer) error {
			if len(a.body) < unix.SizeofRtMsg {
				return errShort
			}
			if a.body[0] != family || a.body[5] != ProtoVRRP {
				return nil
			}
			r, err := decodeRoute(a.body, names)
			out = append(out, r)
			return err
		})
	})
	return out, err
}

func decodeRoute(body []byte, names map[int]string) (out spec.Row[spec.RouteKey, spec.Route], err error) {
	to := netip.IPv6Unspecified()
	if body[0] == unix.AF_INET {
		to = netip.IPv4Unspecified()
	}
	out.Key.Table = uint32(body[4])
	at := attrs{rest: body[unix.SizeofRtMsg:]}
	for at.next() {
		switch at.typ {
		case unix.RTA_DST:
			to, _ = netip.AddrFromSlice(at.val)
		case unix.RTA_TABLE:
			out.Key.Table = at.u32()
		case unix.RTA_PRIORITY:
			out.Key.Metric = at.u32()
		case unix.RTA_GATEWAY:
			out.Value.Via, _ = netip.AddrFromSlice(at.val)
		case unix.RTA_OIF:
			out.Value.Device = names[int(at.u32())]
		case unix.RTA_PREFSRC:
			out.Value.Source, _ = netip.AddrFromSlice(at.val)
		}
	}
	out.Key.To = netip.PrefixFrom(to, int(body[1]))
	return out, wrong("route", at.err)
}
