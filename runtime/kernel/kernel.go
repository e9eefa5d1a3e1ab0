package kernel

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"sync"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/spec"
)

// Options say which kernel state to work on.
type Options struct {
	Namespace string // of the network: a name below /run/netns, or a path; "" is the caller's own
	Modprobe  bool   // load ip_vs, schedulers and persistence engines with modprobe where the kernel does not by itself
}

// Kernel is Linux' IPVS in one network namespace. Its methods may be called from several goroutines; they take turns.
type Kernel struct {
	modprobe bool
	ns       namespace

	mu        sync.Mutex
	socket    *socket // nil after an exchange was given up: what is still under way must not meet the next
	old       int     // a socket for the getsockopt interface
	dests     []byte  // the buffer of its answers
	places    []int   // see place
	family    uint16
	available map[module]bool
	held      map[spec.SysctlKey]bool // beside those of net.ipv4.vs
}

// module is what a service needs beside ip_vs: a scheduler and, where not "", a persistence engine.
type module struct{ scheduler, engine string }

// Open finds IPVS and makes sure that it may be changed, before anything is. The error is, or wraps, ErrNoIPVS or ErrPrivilege.
func Open(o Options) (*Kernel, error) {
	ns, err := openNamespace(o.Namespace)
	if err != nil {
		return nil, err
	}
	k := &Kernel{modprobe: o.Modprobe, ns: ns, old: -1, available: map[module]bool{}, held: map[spec.SysctlKey]bool{}}
	if err := k.open(context.Background()); err != nil {
		return nil, errors.Join(err, k.Close())
	}
	return k, nil
}

func (k *Kernel) open(ctx context.Context) error {
	if err := k.connect(); err != nil {
		return err
	}
	err := k.resolve(ctx)
	if errors.Is(err, unix.ENOENT) && k.modprobe {
		if err = modprobe(ctx, "ip_vs"); err == nil {
			err = k.resolve(ctx)
		}
		if err != nil {
			return fmt.Errorf("%w: %w", ErrNoIPVS, err)
		}
	}
	if errors.Is(err, unix.ENOENT) {
		return ErrNoIPVS
	}
	if err != nil {
		return err
	}
	// Reading the timeouts needs the privilege that writing needs, and changes nothing.
	if _, err = k.timeouts(ctx); errors.Is(err, unix.EPERM) {
		return ErrPrivilege
	}
	return err
}

// connect opens the sockets that are not open.
func (k *Kernel) connect() error {
	if k.socket != nil && k.old >= 0 {
		return nil
	}
	return k.ns.do(func() (err error) {
		if k.socket == nil {
			if k.socket, err = openSocket(); err != nil {
				return err
			}
		}
		if k.old < 0 {
			k.old, err = unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
		}
		return err
	})
}

// ready makes sure that an operation can begin. The caller holds the lock.
func (k *Kernel) ready(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	return k.connect()
}

// drop closes a socket on which answers may still arrive, or a dump may still run (the next would be EBUSY).
func (k *Kernel) drop(err error) error {
	if k.socket != nil {
		err = errors.Join(err, k.socket.close())
		k.socket = nil
	}
	return err
}

// Close lets go of the sockets. What was applied stays.
func (k *Kernel) Close() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	err := k.drop(nil)
	if k.old >= 0 {
		err = errors.Join(err, unix.Close(k.old))
		k.old = -1
	}
	return errors.Join(err, k.ns.close())
}

func modprobe(ctx context.Context, name string) error {
	out, err := exec.CommandContext(ctx, "modprobe", name).CombinedOutput()
	if err != nil && len(out) > 0 {
		return errors.New(strings.ReplaceAll(strings.TrimSpace(string(out)), "\n", "; ")) // modprobe says a cause and its own on two lines
	}
	return err
}

// wrong names what was being decoded.
func wrong(what string, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("decode %s: %w", what, err)
}
