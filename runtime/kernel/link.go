package kernel

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// MAC is an Ethernet address; comparable.
type MAC [6]byte

func (m MAC) String() string { return net.HardwareAddr(m[:]).String() }

// Link is a network interface.
type Link struct {
	Index   int
	Name    string
	MAC     MAC  // zero: not Ethernet
	Up      bool // set up by the administrator
	Running bool // and has a carrier
	MTU     int  // bytes
	Parent  int  // index of the interface below a VLAN, macvlan or the like; 0: none, or in another network namespace
}

// Links is a handle on addresses, routes, rules and interfaces of the network namespace of the thread that opened it. Its methods belong
// to one goroutine.
type Links struct{ socket *routeSocket }

// OpenLinks opens the handle. Reading needs no privilege, changing needs CAP_NET_ADMIN (unix.EPERM).
func OpenLinks() (*Links, error) {
	s, err := openRouteSocket()
	if err != nil {
		return nil, err
	}
	return &Links{s}, nil
}

// Close lets go of the handle; what was changed stays.
func (l *Links) Close() error { return unix.Close(l.socket.fd) }

// Link finds an interface. The error wraps unix.ENODEV when there is none.
func (l *Links) Link(name string) (out Link, err error) {
	m := l.socket.begin(unix.RTM_GETLINK, unix.NLM_F_ACK)
	m.linkHeader(0)
	m.text(unix.IFLA_IFNAME, name)
	m.end()
	if err := l.readLinks(func(found Link) { out = found }); err != nil {
		return Link{}, fmt.Errorf("interface %s: %w", name, err)
	}
	return out, nil
}

// All lists the interfaces.
func (l *Links) All() (out []Link, err error) {
	err = settled(func() error {
		out = out[:0]
		m := l.socket.begin(unix.RTM_GETLINK, unix.NLM_F_DUMP)
		m.linkHeader(0)
		m.end()
		return l.readLinks(func(found Link) { out = append(out, found) })
	})
	if err != nil {
		return nil, fmt.Errorf("list interfaces: %w", err)
	}
	return out, nil
}

func (l *Links) readLinks(on func(Link)) error {
	return l.socket.ask(func(a answer) error {
		found, ok, err := decodeLink(a.body)
		if ok {
			on(found)
		}
		return err
	})
}

const skipStats = 1 << 3 // RTEXT_FILTER_SKIP_STATS

// linkHeader is struct ifinfomsg, followed by the wish for answers without counters.
func (m *messages) linkHeader(index int) {
	m.buf = append(m.buf, make([]byte, unix.SizeofIfInfomsg)...)
	binary.NativeEndian.PutUint32(m.buf[len(m.buf)-12:], uint32(index))
	m.u32(unix.IFLA_EXT_MASK, skipStats)
}

// SetUp sets an interface up or down. Down, an interface loses its IPv6 addresses.
func (l *Links) SetUp(ifindex int, up bool) error {
	m := l.socket.begin(unix.RTM_NEWLINK, unix.NLM_F_ACK)
	m.linkHeader(ifindex)
	body := m.buf[m.start+nlHeader:]
	if up {
		binary.NativeEndian.PutUint32(body[8:], unix.IFF_UP)
	}
	binary.NativeEndian.PutUint32(body[12:], unix.IFF_UP) // what changes
	m.end()
	if err := l.socket.ask(func(answer) error { return nil }); err != nil {
		return fmt.Errorf("set interface %d up %t: %w", ifindex, up, err)
	}
	return nil
}

var errShort = errors.New("message is cut")

// decodeLink reads a message about an interface; false: it is about something else, such as a port of a bridge.
func decodeLink(body []byte) (out Link, ok bool, err error) {
	if len(body) < unix.SizeofIfInfomsg {
		return Link{}, false, fmt.Errorf("decode interface: %w", errShort)
	}
	if body[0] != unix.AF_UNSPEC {
		return Link{}, false, nil
	}
	flags := binary.NativeEndian.Uint32(body[8:])
	out = Link{Index: int(int32(binary.NativeEndian.Uint32(body[4:]))), Up: flags&unix.IFF_UP != 0, Running: flags&unix.IFF_RUNNING != 0}
	at := attrs{rest: body[unix.SizeofIfInfomsg:]}
	for at.next() {
		switch at.typ {
		case unix.IFLA_IFNAME:
			out.Name = at.text()
		case unix.IFLA_MTU:
			out.MTU = int(at.u32())
		case unix.IFLA_LINK:
			out.Parent = int(at.u32())
		case unix.IFLA_ADDRESS:
			if len(at.val) == len(out.MAC) {
				out.MAC = MAC(at.val)
			}
		case unix.IFLA_LINK_NETNSID:
			out.Parent = 0
		}
	}
	return out, true, wrong("interface", at.err)
}
