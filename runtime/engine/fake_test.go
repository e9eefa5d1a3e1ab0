package engine

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/spec"
)

// fake is a kernel in memory that notes what is done to it, and fails where it is told to.
type fake struct {
	done    []string
	live    map[netip.Prefix]uint8 // who put it there
	fails   map[string]error       // by the text of the operation
	daemon  map[spec.Role]spec.Daemon
	bursts  []int // frames of each call
	refused []error
}

var _ interface {
	addresses
	routes
	vmacs
	announcer
	daemons
} = (*fake)(nil)

func newFake() *fake {
	return &fake{live: map[netip.Prefix]uint8{}, fails: map[string]error{}, daemon: map[spec.Role]spec.Daemon{}}
}

func (f *fake) do(format string, args ...any) error {
	what := fmt.Sprintf(format, args...)
	f.done = append(f.done, what)
	return f.fails[what]
}

// log is what was done since it was asked last.
func (f *fake) log() string {
	out := strings.Join(f.done, "; ")
	f.done = nil
	return out
}

func (f *fake) AddAddresses(as []kernel.InterfaceAddress) (errs []error) {
	for _, a := range as {
		err := f.do("add %s", a.Prefix)
		if _, there := f.live[a.Prefix]; there && err == nil {
			err = unix.EEXIST
		}
		if err == nil {
			f.live[a.Prefix] = kernel.ProtoVRRP
		}
		errs = append(errs, err)
	}
	return errs
}

func (f *fake) DelAddresses(as []kernel.InterfaceAddress) (errs []error) {
	for _, a := range as {
		err := f.do("remove %s", a.Prefix)
		if _, there := f.live[a.Prefix]; !there && err == nil {
			err = unix.EADDRNOTAVAIL
		}
		if err == nil {
			delete(f.live, a.Prefix)
		}
		errs = append(errs, err)
	}
	return errs
}

func (f *fake) Addresses(int) (out []kernel.LiveAddress, err error) {
	for p, proto := range f.live {
		out = append(out, kernel.LiveAddress{InterfaceAddress: kernel.InterfaceAddress{IfIndex: 2, Prefix: p}, Proto: proto})
	}
	return out, f.fails["list"]
}

func (f *fake) AddRoutes(rows spec.Rows[spec.RouteKey, spec.Route]) []error {
	return f.each("add", len(rows), func(n int) any { return rows[n].Key })
}

func (f *fake) DelRoutes(rows spec.Rows[spec.RouteKey, spec.Route]) []error {
	return f.each("remove", len(rows), func(n int) any { return rows[n].Key })
}

func (f *fake) AddRules(rows spec.Rows[spec.RuleKey, spec.Rule]) []error {
	return f.each("add", len(rows), func(n int) any { return rows[n].Key })
}

func (f *fake) DelRules(rows spec.Rows[spec.RuleKey, spec.Rule]) []error {
	return f.each("remove", len(rows), func(n int) any { return rows[n].Key })
}

func (f *fake) each(verb string, count int, of func(int) any) (errs []error) {
	for n := range count {
		errs = append(errs, f.do("%s %v", verb, of(n)))
	}
	return errs
}

func (f *fake) Routes() (spec.Rows[spec.RouteKey, spec.Route], error) { return nil, nil }
func (f *fake) Rules() ([]spec.Rule, error)                           { return nil, nil }

func (f *fake) MakeVMAC(parent string, id uint8, _ spec.Family) (kernel.Link, error) {
	return kernel.Link{Index: 3, Name: "vmac", MAC: kernel.MAC{0, 0, 94, 0, 1, id}}, f.do("make virtual MAC %d", id)
}

func (f *fake) RemoveVMAC(parent string, id uint8, _ spec.Family) error {
	return f.do("remove virtual MAC %d", id)
}

func (f *fake) SetUp(index int, up bool) error { return f.do("set %d up %t", index, up) }

func (f *fake) Burst(frames []kernel.Frame) (int, error) {
	f.bursts = append(f.bursts, len(frames))
	if len(f.refused) > 0 {
		err := f.refused[0]
		f.refused = f.refused[1:]
		return len(frames) / 2, err
	}
	return len(frames), nil
}

func (f *fake) Daemons(context.Context) (out spec.Rows[spec.Role, spec.Daemon], err error) {
	for _, r := range []spec.Role{spec.RoleMaster, spec.RoleBackup} {
		if d, ok := f.daemon[r]; ok {
			out = append(out, spec.Row[spec.Role, spec.Daemon]{Key: r, Value: d})
		}
	}
	out.Sort()
	return out, nil
}

func (f *fake) StartDaemon(_ context.Context, r spec.Role, d spec.Daemon) error {
	err := f.do("start daemon %s", r)
	if err == nil {
		f.daemon[r] = d
	}
	return err
}

func (f *fake) StopDaemon(_ context.Context, r spec.Role) error {
	err := f.do("stop daemon %s", r)
	if err == nil {
		delete(f.daemon, r)
	}
	return err
}

func (f *fake) Close() error { return nil }

// eth0 is the interface of all fakes.
type eth0 struct{ up bool }

func (e *eth0) Link(name string) (kernel.Link, error) {
	if name != "eth0" {
		return kernel.Link{}, unix.ENODEV
	}
	return kernel.Link{Index: 2, Name: name, MAC: kernel.MAC{2, 0, 0, 0, 0, 1}, Up: e.up, Running: e.up}, nil
}

func (e *eth0) PrimaryIPv4(int) (netip.Addr, error) { return netip.MustParseAddr("10.9.0.1"), nil }
func (e *eth0) LinkLocal(int) (netip.Addr, error)   { return netip.Addr{}, nil }
func (e *eth0) Close() error                        { return nil }

// deaf is a socket on which nothing comes in.
type deaf struct{}

func (deaf) FD() int                                      { return -1 }
func (deaf) Receive([]kernel.AdvertDatagram) (int, error) { return 0, nil }
func (deaf) Send(b []kernel.AdvertPacket) (int, error)    { return len(b), nil }
func (deaf) Close() error                                 { return nil }

// onFake is a holder that works on a fake, with a wanted state adopted.
func onFake(t *testing.T, v spec.VRRP) (*holder, *fake, *holding) {
	t.Helper()
	if err := check(v, nil); err != nil {
		t.Fatal(err)
	}
	f := newFake()
	k, err := newHolder(parts{
		addresses: f, routes: f, links: &eth0{up: true}, vmacs: f, announcer: f,
		wire: func(kernel.AdvertOptions) (wire, error) { return deaf{}, nil }, daemons: func() (daemons, error) { return f, nil },
	}, slog.New(slog.DiscardHandler), func(func(*loop)) {})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := k.inbox.close(); err != nil {
			t.Error(err)
		}
	})
	k.adopt(v)
	f.log()
	return k, f, k.holdings["web"]
}
