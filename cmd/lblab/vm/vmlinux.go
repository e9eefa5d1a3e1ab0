package vm

import (
	"encoding/binary"
	"fmt"
)

// Payload cuts the compressed kernel out of a bzImage (Documentation/arch/x86/boot.rst: setup_sects, payload_offset,
// payload_length). Booting it unpacked saves the emulated machine from unpacking it at every boot.
func Payload(image []byte) ([]byte, error) {
	const setupSects, magic, offset, length, end = 0x1f1, 0x202, 0x248, 0x24c, 0x250
	if len(image) < end || string(image[magic:magic+4]) != "HdrS" {
		return nil, fmt.Errorf("read the kernel image: no boot header")
	}
	start := (int(image[setupSects])+1)*512 + int(binary.LittleEndian.Uint32(image[offset:]))
	stop := start + int(binary.LittleEndian.Uint32(image[length:]))
	if stop > len(image) || stop-start < 4 {
		return nil, fmt.Errorf("read the kernel image: payload %d..%d of %d bytes", start, stop, len(image))
	}
	// The last four bytes are the unpacked size, which no decompressor expects.
	return image[start : stop-4], nil
}
