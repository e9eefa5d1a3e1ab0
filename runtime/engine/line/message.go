package line

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"net"
)

// version is that of the protocol and of the values in it: both ends have the same, or they do not talk.
const version = 1

// The sizes of messages. A packet stays far below the least send buffer of a unix socket; a body of 64 MiB holds a wanted state of
// 500,000 addresses, and bounds what a broken sender can make the engine keep.
const (
	headSize   = 20
	packetSize = 32 << 10
	bodyMax    = 64 << 20
)

var (
	magic = [4]byte{'L', 'B', 'E', 'N'}
	table = crc32.MakeTable(crc32.Castagnoli)
)

// verb is what a message asks, or how it answers.
type verb uint16

const (
	askWanted verb = iota + 1
	askWant
	askVerdict
	askHandover
	askStatus
	askEvents
	answer  verb = 0x100 // the body is the value
	refused verb = 0x101 // the body is the reason
)

// head is magic, version, verb, length and CRC of the body, all big endian.
func head(v verb, body []byte) []byte {
	b := append(make([]byte, 0, packetSize), magic[:]...)
	b = binary.BigEndian.AppendUint16(b, version)
	b = binary.BigEndian.AppendUint16(b, uint16(v))
	b = binary.BigEndian.AppendUint64(b, uint64(len(body)))
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(body, table))
}

func send(c net.Conn, v verb, body []byte) error {
	if len(body) > bodyMax {
		return fmt.Errorf("message of %d bytes: %d are the most", len(body), bodyMax)
	}
	packet := head(v, body)
	for {
		n := min(len(body), packetSize-len(packet))
		packet = append(packet, body[:n]...)
		body = body[n:]
		if _, err := c.Write(packet); err != nil {
			return err
		}
		if len(body) == 0 {
			return nil
		}
		packet = packet[:0]
	}
}

func receive(c net.Conn) (verb, []byte, error) {
	packet := make([]byte, packetSize)
	n, err := read(c, packet)
	if err != nil {
		return 0, nil, err
	}
	v, size, sum, err := parseHead(packet[:n])
	if err != nil {
		return 0, nil, err
	}
	body := append(make([]byte, 0, size), packet[headSize:n]...)
	for uint64(len(body)) < size {
		if n, err = read(c, packet); err != nil {
			return 0, nil, err
		}
		body = append(body, packet[:n]...)
	}
	if uint64(len(body)) != size || crc32.Checksum(body, table) != sum {
		return 0, nil, errors.New("message is damaged: its length or checksum is wrong")
	}
	return v, body, nil
}

// read looks behind the end once: Linux finds the queue empty first, and looks whether the other side has closed then, so that what was
// sent between the two is still to be read (net/unix/af_unix.c, __unix_dgram_recvmsg).
func read(c net.Conn, packet []byte) (int, error) {
	n, err := c.Read(packet)
	if errors.Is(err, io.EOF) {
		n, err = c.Read(packet)
	}
	if errors.Is(err, io.EOF) {
		err = errLeft
	}
	return n, err
}

// errLeft is the end of a connection by its other side. An empty packet, which carries nothing, ends it too.
var errLeft = errors.New("the other side closed the connection")

func parseHead(b []byte) (v verb, size uint64, sum uint32, err error) {
	if len(b) < headSize || !bytes.Equal(b[:4], magic[:]) {
		return 0, 0, 0, errors.New("not a message of the engine's protocol")
	}
	if theirs := binary.BigEndian.Uint16(b[4:]); theirs != version {
		return 0, 0, 0, fmt.Errorf("protocol version %d, and this program speaks %d: engine and agent are of different releases; restart the older one", theirs, version)
	}
	if size = binary.BigEndian.Uint64(b[8:]); size > bodyMax {
		return 0, 0, 0, fmt.Errorf("message of %d bytes: %d are the most", size, bodyMax)
	}
	return verb(binary.BigEndian.Uint16(b[6:])), size, binary.BigEndian.Uint32(b[16:]), nil
}

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	err := gob.NewEncoder(&b).Encode(v)
	return b.Bytes(), err
}

func decode(body []byte, into any) error {
	return gob.NewDecoder(bytes.NewReader(body)).Decode(into)
}
