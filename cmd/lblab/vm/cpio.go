package vm

import (
	"bytes"
	"fmt"
)

// entry is one file of an initramfs. mode holds the type bits too, as in stat.
type entry struct {
	name string
	mode uint32
	data []byte
}

const (
	modeDir  = 0o040755
	modeFile = 0o100755
	modeLink = 0o120777
)

// archive writes entries as an uncompressed cpio of the "newc" kind, the one the kernel reads
// (Documentation/driver-api/early-userspace/buffer-format.rst). Parents must come before children.
func archive(entries []entry) []byte {
	var b bytes.Buffer
	for i, e := range append(entries, entry{name: "TRAILER!!!"}) {
		fmt.Fprintf(&b, "070701%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x%08x",
			i+1, e.mode, 0, 0, 1, 0, len(e.data), 0, 0, 0, 0, len(e.name)+1, 0)
		b.WriteString(e.name)
		b.WriteByte(0)
		pad(&b)
		b.Write(e.data)
		pad(&b)
	}
	return b.Bytes()
}

func pad(b *bytes.Buffer) {
	for b.Len()%4 != 0 {
		b.WriteByte(0)
	}
}
