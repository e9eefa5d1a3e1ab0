package kernel

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"

	"golang.org/x/sys/unix"
)

var errMalformed = errors.New("malformed netlink message")

// attrs walks the attributes of a message: next moves to one, whose type and value then stand in typ and val. The first thing that
// is malformed ends the walk and stays in err, so that it is looked at once, after it.
type attrs struct {
	rest []byte
	typ  uint16
	val  []byte
	err  error
}

func (a *attrs) next() bool {
	if len(a.rest) < attrHeader || a.err != nil {
		return false
	}
	size := int(binary.NativeEndian.Uint16(a.rest))
	if size < attrHeader || size > len(a.rest) {
		a.err = fmt.Errorf("%w: attribute of %d bytes in %d", errMalformed, size, len(a.rest))
		return false
	}
	a.typ = binary.NativeEndian.Uint16(a.rest[2:]) &^ (unix.NLA_F_NESTED | unix.NLA_F_NET_BYTEORDER)
	a.val = a.rest[attrHeader:size]
	a.rest = a.rest[min((size+3)&^3, len(a.rest)):]
	return true
}

// sized is the value when it has at least n bytes, else zeros and an error.
func (a *attrs) sized(n int) []byte {
	if len(a.val) >= n {
		return a.val
	}
	a.err = fmt.Errorf("%w: attribute %d has %d bytes, want %d", errMalformed, a.typ, len(a.val), n)
	return make([]byte, n)
}

func (a *attrs) u8() uint8    { return a.sized(1)[0] }
func (a *attrs) u16() uint16  { return binary.NativeEndian.Uint16(a.sized(2)) }
func (a *attrs) be16() uint16 { return binary.BigEndian.Uint16(a.sized(2)) }
func (a *attrs) u32() uint32  { return binary.NativeEndian.Uint32(a.sized(4)) }

// number is a counter of 32 or 64 bits: kernels before 4.1 have no 64-bit ones.
func (a *attrs) number() uint64 {
	if len(a.val) == 8 {
		return binary.NativeEndian.Uint64(a.val)
	}
	return uint64(a.u32())
}

func (a *attrs) text() string {
	s, _, _ := bytes.Cut(a.val, []byte{0})
	return string(s)
}

// answer is one message that the kernel sent.
type answer struct {
	typ, flags uint16
	seq        uint32
	body       []byte
}

// answers splits what one read returned.
func answers(b []byte) iter.Seq2[answer, error] {
	return func(yield func(answer, error) bool) {
		for len(b) >= nlHeader {
			size := int(binary.NativeEndian.Uint32(b))
			if size < nlHeader || size > len(b) {
				yield(answer{}, fmt.Errorf("%w: message of %d bytes in %d", errMalformed, size, len(b)))
				return
			}
			a := answer{binary.NativeEndian.Uint16(b[4:]), binary.NativeEndian.Uint16(b[6:]), binary.NativeEndian.Uint32(b[8:]), b[nlHeader:size]}
			if !yield(a, nil) {
				return
			}
			b = b[min((size+3)&^3, len(b)):]
		}
	}
}

// outcome is the verdict of an NLMSG_ERROR or NLMSG_DONE message: 0 is success.
func (a answer) outcome() (unix.Errno, error) {
	if len(a.body) < 4 {
		return 0, fmt.Errorf("%w: verdict of %d bytes", errMalformed, len(a.body))
	}
	return unix.Errno(-int32(binary.NativeEndian.Uint32(a.body))), nil
}

// attributes are those of a generic netlink message.
func (a answer) attributes() attrs {
	if len(a.body) < genlHeader {
		return attrs{err: fmt.Errorf("%w: body of %d bytes", errMalformed, len(a.body))}
	}
	return attrs{rest: a.body[genlHeader:]}
}
