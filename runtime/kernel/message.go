package kernel

import (
	"encoding/binary"

	"golang.org/x/sys/unix"
)

// messages builds netlink messages one after another in one buffer, so that many go in one system call. A message is opened by
// begin, filled by the put methods, and closed by end; a nested attribute likewise by nest and close.
type messages struct {
	buf   []byte
	start int // of the message that is open
	count int
}

const (
	nlHeader   = unix.SizeofNlMsghdr
	genlHeader = 4
	attrHeader = 4
)

func (m *messages) reset() { m.buf, m.count = m.buf[:0], 0 }

func (m *messages) begin(family uint16, cmd uint8, version uint8, flags uint16, seq uint32) {
	m.start = len(m.buf)
	m.buf = append(m.buf, 0, 0, 0, 0)
	m.buf = binary.NativeEndian.AppendUint16(m.buf, family)
	m.buf = binary.NativeEndian.AppendUint16(m.buf, unix.NLM_F_REQUEST|flags)
	m.buf = binary.NativeEndian.AppendUint32(m.buf, seq)
	m.buf = append(m.buf, 0, 0, 0, 0, cmd, version, 0, 0)
}

func (m *messages) end() {
	binary.NativeEndian.PutUint32(m.buf[m.start:], uint32(len(m.buf)-m.start))
	m.count++
}

// ackLast asks for an answer to the last message. The kernel works through the messages of one system call in order, reports each
// one that fails, and so an answer to the last says that all are done.
func (m *messages) ackLast() {
	at := m.buf[m.start+6:]
	binary.NativeEndian.PutUint16(at, binary.NativeEndian.Uint16(at)|unix.NLM_F_ACK)
}

func (m *messages) nest(attr uint16) int {
	at := len(m.buf)
	m.header(attr, 0)
	return at
}

func (m *messages) close(nest int) {
	binary.NativeEndian.PutUint16(m.buf[nest:], uint16(len(m.buf)-nest))
}

func (m *messages) header(attr uint16, size int) {
	m.buf = binary.NativeEndian.AppendUint16(m.buf, uint16(attrHeader+size))
	m.buf = binary.NativeEndian.AppendUint16(m.buf, attr)
}

func (m *messages) u8(attr uint16, v uint8) {
	m.header(attr, 1)
	m.buf = append(m.buf, v, 0, 0, 0)
}

func (m *messages) u16(attr, v uint16) {
	m.header(attr, 2)
	m.buf = append(binary.NativeEndian.AppendUint16(m.buf, v), 0, 0)
}

func (m *messages) be16(attr, v uint16) {
	m.header(attr, 2)
	m.buf = append(binary.BigEndian.AppendUint16(m.buf, v), 0, 0)
}

func (m *messages) u32(attr uint16, v uint32) {
	m.header(attr, 4)
	m.buf = binary.NativeEndian.AppendUint32(m.buf, v)
}

func (m *messages) bytes(attr uint16, b []byte) {
	m.header(attr, len(b))
	m.buf = append(m.buf, b...)
	m.pad()
}

// text ends in a zero byte, as NLA_NUL_STRING wants it.
func (m *messages) text(attr uint16, s string) {
	m.header(attr, len(s)+1)
	m.buf = append(append(m.buf, s...), 0)
	m.pad()
}

func (m *messages) pad() {
	for len(m.buf)%4 != 0 {
		m.buf = append(m.buf, 0)
	}
}
