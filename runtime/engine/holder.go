package engine

import (
	"context"
	"errors"
	"log/slog"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/spec"
)

// tendEvery is how often the holder looks whether all is as it should be, which nothing else would tell it of routes, rules and
// daemons.
const tendEvery = 10 * time.Second

// holder changes the kernel, and hears of its changes. All of it but orders and shown belongs to the goroutine of run.
type holder struct {
	parts  parts
	log    *slog.Logger
	orders *orders
	inbox  *mailbox
	tell   func(func(*loop)) // has the loop run something

	holdings map[spec.InstanceKey]*holding
	ifaces   map[string]*iface
	ports    map[portKey]*port
	grounds  map[spec.InstanceKey]ground
	vmacs    map[spec.InstanceKey]*vmac
	herald   *herald
	daemons  daemons
	listed   map[kernel.InterfaceAddress]bool // answers of mine, for one acquisition
	hosts    map[netip.Addr]bool              // answers of has, for one settling
	next     time.Time                        // of tend

	adopted atomic.Bool // a wanted state is known

	mu    sync.Mutex
	shown map[spec.InstanceKey]shown
}

// shown is what status tells of an instance.
type shown struct {
	held     int
	foreign  []held
	problems []string
}

func newHolder(p parts, log *slog.Logger, tell func(func(*loop))) (*holder, error) {
	inbox, err := newMailbox()
	if err != nil {
		return nil, err
	}
	return &holder{
		parts: p, log: log, orders: newOrders(), inbox: inbox, tell: tell,
		holdings: map[spec.InstanceKey]*holding{}, ifaces: map[string]*iface{}, ports: map[portKey]*port{}, grounds: map[spec.InstanceKey]ground{},
		vmacs: map[spec.InstanceKey]*vmac{}, shown: map[spec.InstanceKey]shown{}, herald: newHerald(p.announcer),
	}, nil
}

// run works until ctx ends and all orders are carried out.
func (k *holder) run(ctx context.Context) error {
	events := make(chan struct{})
	defer context.AfterFunc(ctx, func() { k.inbox.post(func() {}) })()
	announcing, hush := context.WithCancel(context.Background())
	var beside sync.WaitGroup
	done := make(chan struct{})
	beside.Go(func() { k.poll(events, done) })
	beside.Go(func() { k.herald.run(announcing) })
	defer beside.Wait()
	defer hush()
	defer k.inbox.post(func() {}) // ends poll's wait
	defer close(done)
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		k.work()
		if ctx.Err() != nil {
			k.removeVMACs()
			return nil
		}
		timer.Reset(max(time.Until(k.next), 0))
		select {
		case <-k.orders.wake:
		case <-timer.C:
		case events <- struct{}{}: // poll has seen something, and waits until it is read
			k.inbox.run()
			k.hear()
			<-events
		case <-ctx.Done():
		}
	}
}

// poll waits for events of the kernel and for posted functions.
func (k *holder) poll(events chan struct{}, done <-chan struct{}) {
	fds := []unix.PollFd{{Fd: int32(k.parts.watcher.FD()), Events: unix.POLLIN}, {Fd: int32(k.inbox.fd), Events: unix.POLLIN}}
	for {
		if _, err := unix.Poll(fds, -1); err != nil && !errors.Is(err, unix.EINTR) {
			panic("poll: " + err.Error()) // both descriptors are open for as long as this runs
		}
		select {
		case <-done:
			return
		case <-events:
		}
		events <- struct{}{}
	}
}

// work carries out orders.
func (k *holder) work() {
	for {
		h, o := k.orders.take()
		if h == nil {
			break
		}
		switch o.role {
		case acquire:
			k.acquire(h, o.announce)
		case release:
			k.release(h)
		case asIs:
			k.announce(h, o.announce)
		}
	}
	if now := time.Now(); now.After(k.next) {
		k.next = now.Add(tendEvery)
		k.tend()
	}
}

// tend puts right what is not as it should be.
func (k *holder) tend() {
	k.listed = nil
	k.settle()
	for _, h := range k.holdings {
		k.follow(h)
		if h.on {
			k.put(h, h.in(absent), h.inst.Announce.Repeat)
			k.putRoutes(h)
		} else {
			k.take(h, h.in(ours))
			k.prepare(h)
		}
		k.publish(h)
	}
}

// publish shows what an instance holds.
func (k *holder) publish(h *holding) {
	s := shown{held: len(h.in(ours))}
	for _, d := range h.in(foreign) {
		s.foreign = append(s.foreign, *d)
	}
	for _, p := range h.problems {
		s.problems = append(s.problems, p)
	}
	slices.Sort(s.problems)
	k.mu.Lock()
	defer k.mu.Unlock()
	k.shown[h.name] = s
}

func (k *holder) show(i spec.InstanceKey) shown {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.shown[i]
}

func (k *holder) close() error {
	var errs []error
	for _, p := range k.ports {
		errs = append(errs, p.close())
	}
	for _, v := range k.vmacs {
		errs = append(errs, v.close())
	}
	if k.daemons != nil {
		errs = append(errs, k.daemons.Close())
	}
	return errors.Join(append(errs, k.inbox.close(), k.parts.close())...)
}
