package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/lbsync/lbsync/cmd/lblab/cache"
	"github.com/lbsync/lbsync/cmd/lblab/debian"
	"github.com/lbsync/lbsync/cmd/lblab/vm"
	"github.com/lbsync/lbsync/cmd/lblab/wire"
)

// scratch is the folder for temporary files, whatever TMPDIR says: it must be seen inside, where /run and /dev are others,
// and be short and without blanks, because it goes into a socket's name and the kernel's command line.
const scratch = "/tmp"

// size is how big the virtual machine is.
type size struct {
	memory int // MB
	cpus   int
}

// emulated runs job in a virtual machine. shares are directories that commands may write to.
func emulated(ctx context.Context, s size, shares []string, job wire.Job, stdin io.Reader, to sink) error {
	apt := debian.Apt{Progress: progress}
	if err := apt.Tools(); err != nil {
		return err
	}
	kernel, err := cache.Ready(apt, false)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp(scratch, "lblab-")
	if err != nil {
		return fmt.Errorf("make a folder for the machine: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	m, err := machine(s, kernel, dir, shares)
	if err != nil {
		return err
	}
	running, err := vm.Boot(ctx, m)
	if err != nil {
		return err
	}
	defer running.Stop()
	job.Machine = &wire.Machine{Modules: kernel.Modules, Release: kernel.Release, Shares: shares}
	err = converse(wire.New(running.Conn), job, stdin, to)
	if errors.Is(err, errGone) && ctx.Err() == nil {
		return fmt.Errorf("%w; the kernel's last words:\n%s", err, running.LastWords())
	}
	return err
}

// progress goes to standard error, which the command's output may follow.
func progress(line string) {
	fmt.Fprintln(os.Stderr, "lblab: "+line)
}

func machine(s size, kernel cache.Kernel, dir string, shares []string) (vm.Machine, error) {
	self, err := os.Executable()
	if err != nil {
		return vm.Machine{}, fmt.Errorf("find lblab's own program: %w", err)
	}
	lblab := filepath.Join(dir, "lblab")
	if err := os.Symlink(self, lblab); err != nil {
		return vm.Machine{}, fmt.Errorf("make a folder for the machine: %w", err)
	}
	return vm.Machine{
		Kernel: kernel.Image, Initramfs: kernel.Initramfs, Lblab: lblab,
		Socket: filepath.Join(dir, "socket"), Log: filepath.Join(dir, "log"),
		Memory: s.memory, CPUs: s.cpus, Shares: shares,
	}, nil
}
