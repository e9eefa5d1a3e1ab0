package kernel

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"

	"golang.org/x/sys/unix"
)

// tableRead is how much of the connection table is asked for at once. The kernel gives one page of it whatever the size
// (fs/seq_file.c, seq_read_iter).
const tableRead = 64 << 10

// Connections hands each line of the connection table to on, without the heading and the line's end. The line is valid during the call;
// an error of on ends the reading and is returned as it is. The table is not a snapshot: a connection that is made or moved meanwhile may
// be missed or come twice. Memory is constant; what it costs see docs/connection-sync.md.
func (n SyncNet) Connections(ctx context.Context, on func(line []byte) error) error {
	var f *os.File
	err := n.do(func() (err error) {
		// Not /proc/net, which is that of the process' first thread. Once open, it stays that of this namespace.
		f, err = os.Open("/proc/thread-self/net/ip_vs_conn")
		return err
	})
	if errors.Is(err, fs.ErrNotExist) {
		return ErrNoIPVS
	}
	if err != nil {
		return fmt.Errorf("read the connection table: %w", err)
	}
	defer func() { _ = f.Close() }()
	return eachLine(ctx, f, on)
}

// eachLine passes the first line over.
func eachLine(ctx context.Context, r io.Reader, on func(line []byte) error) error {
	buf, kept, heading := make([]byte, tableRead), 0, true
	for {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("read the connection table: %w", err)
		}
		n, err := r.Read(buf[kept:])
		rest := buf[:kept+n]
		for {
			line, after, ended := bytes.Cut(rest, []byte("\n"))
			if !ended {
				break
			}
			rest = after
			if heading {
				heading = false
				continue
			}
			if err := on(line); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read the connection table: %w", err)
		}
		if kept = copy(buf, rest); kept == len(buf) {
			return fmt.Errorf("read the connection table: a line of more than %d bytes", len(buf))
		}
	}
}

// Release is the kernel's release, such as "6.1.0-28-amd64".
func (SyncNet) Release() (string, error) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "", fmt.Errorf("read the kernel's release: %w", err)
	}
	return unix.ByteSliceToString(u.Release[:]), nil
}
