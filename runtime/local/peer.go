package local

import (
	"errors"
	"fmt"
	"net"

	"golang.org/x/sys/unix"
)

// Peer is who connected, as the kernel tells (unix(7), SO_PEERCRED).
func Peer(conn *net.UnixConn) (*unix.Ucred, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("read credentials of client: %w", err)
	}
	var cred *unix.Ucred
	var sockErr error
	err = raw.Control(func(fd uintptr) { cred, sockErr = unix.GetsockoptUcred(int(fd), unix.SOL_SOCKET, unix.SO_PEERCRED) })
	if err := errors.Join(err, sockErr); err != nil {
		return nil, fmt.Errorf("read credentials of client: %w", err)
	}
	return cred, nil
}

// MayAsk lets in root and the user that the program itself runs as.
func MayAsk(uid uint32, self int) bool { return uid == 0 || int64(uid) == int64(self) }
