// Package local has what the unix sockets of engine and agent share: one listener at a path, and who is at the other end.
package local

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"syscall"
	"time"
)

// DialTimeout bounds a connect; a unix socket answers at once unless its backlog is full.
const DialTimeout = 2 * time.Second

// Listen opens the socket of a program for its owner alone; network is "unix" or "unixpacket", program the word for errors. A folder
// that is missing is made for the owner alone too; a socket that a killed program left behind is replaced; one that answers is an
// error, and so is any other file in its place.
func Listen(network, path, program string) (*net.UnixListener, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("make folder of socket: %w", err)
	}
	if err := removeStale(network, path, program); err != nil {
		return nil, err
	}
	l, err := net.ListenUnix(network, &net.UnixAddr{Name: path, Net: network})
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", path, err)
	}
	// Until here the umask alone guards the socket; whoever slips in is turned away by the uid of its credentials.
	if err := os.Chmod(path, 0o600); err != nil {
		return nil, errors.Join(fmt.Errorf("close socket to others: %w", err), l.Close())
	}
	return l, nil
}

func removeStale(network, path, program string) error {
	info, err := os.Lstat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return fmt.Errorf("look at socket: %w", err)
	case info.Mode().Type() != fs.ModeSocket:
		return fmt.Errorf("socket %s: another kind of file stands there; remove it or choose another path", path)
	}
	conn, err := net.DialTimeout(network, path, DialTimeout)
	if err == nil {
		return errors.Join(fmt.Errorf("socket %s: another %s answers on it", path, program), conn.Close())
	}
	// Only a refused connection proves that nobody listens; a full backlog or a lack of rights does not.
	if !errors.Is(err, syscall.ECONNREFUSED) {
		return fmt.Errorf("ask who holds socket: %w", err)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove stale socket: %w", err)
	}
	return nil
}
