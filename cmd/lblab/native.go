package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/cmd/lblab/wire"
)

// native runs job in fresh namespaces of the running kernel. PIDs have a namespace too, so that nothing outlives the job.
func native(ctx context.Context, job wire.Job, stdin io.Reader, to sink) error {
	pair, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open the conversation: %w", err)
	}
	ours, theirs := os.NewFile(uintptr(pair[0]), "conversation"), os.NewFile(uintptr(pair[1]), "inside")
	conn, err := net.FileConn(ours)
	if err != nil {
		return fmt.Errorf("open the conversation: %w", err)
	}
	_ = ours.Close()
	defer func() { _ = conn.Close() }()
	cmd := exec.CommandContext(ctx, "/proc/self/exe", "inside")
	cmd.ExtraFiles = []*os.File{theirs}
	cmd.Stderr = os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Cloneflags: unix.CLONE_NEWNET | unix.CLONE_NEWNS | unix.CLONE_NEWPID | unix.CLONE_NEWUTS,
		// A terminal's Ctrl-C is for lblab, which ends the inside itself.
		Setpgid: true,
	}
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start the inside: %w", err)
	}
	_ = theirs.Close()
	err = converse(wire.New(conn), job, stdin, to)
	_ = conn.Close()
	_ = cmd.Wait()
	return err
}
