package kernel

import (
	"unsafe"

	"golang.org/x/sys/unix"
)

// advertBatch is the most that one system call carries.
const advertBatch = 64

// mmsghdr is struct mmsghdr of recvmmsg(2) and sendmmsg(2).
type mmsghdr struct {
	hdr unix.Msghdr
	n   uint32 // bytes received or sent
}

// mmsg is recvmmsg or sendmmsg. It is a raw system call: the socket does not block, so that the scheduler need not hear of it, and a loop
// with real-time deadlines keeps its P.
func mmsg(trap uintptr, fd int, m []mmsghdr) (int, unix.Errno) {
	n, _, errno := unix.RawSyscall6(trap, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(m))), uintptr(len(m)), unix.MSG_DONTWAIT, 0, 0)
	if errno != 0 {
		return 0, errno
	}
	return int(n), 0
}
