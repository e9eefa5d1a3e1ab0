package kernel

import (
	"encoding/binary"
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

// linkMessage is struct ifinfomsg with a name and an MTU.
func linkMessage(family uint8, flags uint32) []byte {
	var m messages
	m.buf = append(m.buf, family, 0, 1, 0)
	m.buf = binary.NativeEndian.AppendUint32(m.buf, 7)
	m.buf = binary.NativeEndian.AppendUint32(m.buf, flags)
	m.buf = append(m.buf, 0, 0, 0, 0)
	m.text(unix.IFLA_IFNAME, "br0")
	m.u32(unix.IFLA_MTU, 1500)
	m.u32(unix.IFLA_LINK, 3)
	return m.buf
}

// A port that leaves its bridge is told as a deletion of the family AF_BRIDGE, while the interface lives on.
func TestBridgePortsAreNoInterfaces(t *testing.T) {
	for family, want := range map[uint8]int{unix.AF_UNSPEC: 1, unix.AF_BRIDGE: 0} {
		events := 0
		a := answer{typ: unix.RTM_DELLINK, body: linkMessage(family, unix.IFF_UP)}
		if err := a.event(func(LinkEvent) { events++ }, func(AddressEvent) {}); err != nil || events != want {
			t.Errorf("family %d: %d events, %v", family, events, err)
		}
	}
}

func TestParentElsewhereIsNone(t *testing.T) {
	m := messages{buf: linkMessage(unix.AF_UNSPEC, unix.IFF_UP|unix.IFF_RUNNING)}
	want := Link{Index: 7, Name: "br0", Up: true, Running: true, MTU: 1500, Parent: 3}
	if got, ok, err := decodeLink(m.buf); got != want || !ok || err != nil {
		t.Errorf("%+v %t %v, want %+v", got, ok, err, want)
	}
	m.u32(unix.IFLA_LINK_NETNSID, 0)
	want.Parent = 0 // an index of another namespace would name a wrong interface here
	if got, ok, err := decodeLink(m.buf); got != want || !ok || err != nil {
		t.Errorf("%+v %t %v, want %+v", got, ok, err, want)
	}
}

// Lost answers are errors of the messages they were for, and no later request takes an older one's answer.
func TestLostVerdicts(t *testing.T) {
	l, err := OpenLinks()
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	room := func(bytes int) {
		if err := unix.SetsockoptInt(l.socket.fd, unix.SOL_SOCKET, unix.SO_RCVBUF, bytes); err != nil {
			t.Fatal(err)
		}
	}
	room(0)
	lost := 0
	for _, err := range l.DelAddresses(make([]InterfaceAddress, 100)) { // each fails, also without privilege
		if err == nil {
			t.Fatal("removing nothing went well")
		}
		if errors.Is(err, errLost) {
			lost++
		}
	}
	if lost == 0 {
		t.Error("100 answers fit the smallest buffer")
	}
	room(socketBuffer)
	if _, err := l.Link("lo"); err != nil {
		t.Errorf("the next request: %v", err)
	}
}

func FuzzDecodeRouting(f *testing.F) {
	f.Add(linkMessage(unix.AF_UNSPEC, unix.IFF_UP))
	f.Add([]byte{2, 24, 0x80, 0, 3, 0, 0, 0, 8, 0, 2, 0, 192, 0, 2, 1})
	f.Fuzz(func(t *testing.T, b []byte) {
		_, _, _ = decodeLink(b)
		_, _, _ = decodeRule(b)
		if a, ok, err := decodeAddress(b); ok && err == nil && !a.Prefix.IsValid() {
			t.Errorf("an address that is none: %+v", a)
		}
		if len(b) >= unix.SizeofRtMsg {
			_, _ = decodeRoute(b, nil)
		}
	})
}
