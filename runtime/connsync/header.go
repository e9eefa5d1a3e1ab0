package connsync

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Sizes of version 1 (struct ip_vs_sync_mesg, ip_vs_sync_v4 and _v6) and, for counting only, of version 0.
const (
	headerSize  = 8
	sizeV4      = 36
	sizeV6      = 72
	headerSize0 = 4
	recordSize0 = 24
)

var errMessage = errors.New("not a sync message")

// Header is what a sync message says of itself.
type Header struct {
	Version uint8 // 0 or 1; net.ipv4.vs.sync_version of the sender
	SyncID  uint8
	Size    uint16 // bytes, those of the header among them
	Count   uint8  // connections
}

// ParseHeader reads the header of a message of which b has at least the first eight bytes, and whose length is size. The versions are
// told apart as the kernel does (ip_vs_process_message): what is not version 1 is version 0.
func ParseHeader(b []byte, size int) (Header, error) {
	if len(b) < headerSize0 || size < len(b) {
		return Header{}, fmt.Errorf("%w: %d bytes", errMessage, size)
	}
	h := Header{SyncID: b[1], Size: binary.BigEndian.Uint16(b[2:]), Count: b[0]}
	if int(h.Size) != size {
		return Header{}, fmt.Errorf("%w: it is %d bytes and says %d", errMessage, size, h.Size)
	}
	room, least := size-headerSize0, recordSize0
	if len(b) >= headerSize && b[0] == 0 && b[5] == 1 && b[6] == 0 && b[7] == 0 {
		h.Version, h.Count = 1, b[4]
		room, least = size-headerSize, sizeV4
	}
	if int(h.Count)*least > room {
		return Header{}, fmt.Errorf("%w: %d connections do not fit %d bytes", errMessage, h.Count, size)
	}
	return h, nil
}
