package wire

import "strconv"

// Port is the name of the virtio-serial port of the conversation.
const Port = "lblab"

// ShareTag is the 9p tag of the i-th writable share.
func ShareTag(i int) string {
	return "share" + strconv.Itoa(i)
}
