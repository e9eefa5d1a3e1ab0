package engine

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"time"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/runtime/engine/line"
)

// Options say where an engine keeps its state and who it is.
type Options struct {
	Socket   string // that the agent talks to
	State    string // file of the wanted state; that of the roles has its name and ".roles"
	Program  string // version of the program, for status
	Realtime bool   // run under SCHED_RR, for which the program executes itself once more
	Log      *slog.Logger
	Ready    func() // called when the elections run and the socket is open
}

// DefaultState is where an engine keeps its state: it must not outlive a reboot.
const DefaultState = "/run/lbsync/engine.state"

// Run elects until ctx ends; then it hands the roles over, and gives up what it holds. SIGHUP executes the program, which may be a newer
// one, in its place: no role changes. An engine that was killed and is there again within the time that the others wait for its
// next advertisement goes on with its roles.
func Run(ctx context.Context, o Options) error {
	signal.Ignore(unix.SIGHUP) // until run listens for it: by default it ends the process
	s := &scheduler{log: o.Log}
	s.set("other: real time was not asked for")
	if o.Realtime {
		s.realtime()
		s.pin()
	}
	setUp()
	c, err := open(o, s)
	if err != nil {
		return err
	}
	l, err := line.Listen(o.Socket)
	if err != nil {
		return errors.Join(err, c.close())
	}
	return errors.Join(c.run(ctx, l), c.close())
}

// memoryMax is where garbage is collected whatever comes. It is never reached: see tidy.
const memoryMax = 256 << 20

// setUp makes the Go runtime quiet. Of its processors one is the loop's, one is for all else, and one is spare: so the loop always finds
// one when it wakes up.
func setUp() {
	runtime.GOMAXPROCS(3)
	debug.SetGCPercent(-1)
	debug.SetMemoryLimit(memoryMax)
}

// open prepares all parts. The elections go on from what was kept as soon as the loop runs.
func open(o Options, s *scheduler) (_ *control, err error) {
	p, err := openPage(o.State + ".roles")
	if err != nil {
		return nil, err
	}
	if onDisk(o.State + ".roles") {
		o.Log.Warn("the engine's state is on a disk, for which advertisements may have to wait: keep it on a tmpfs, such as /run", "path", o.State)
	}
	k, err := load(o.State)
	if err == nil && len(k.VRRP.Instances) > 0 {
		err = check(k.VRRP, k.Secrets)
	}
	if err != nil {
		o.Log.Error("what was wanted last is not known: the engine waits for its agent, and touches nothing until then", "cause", err)
		k = kept{}
	}
	kernel, err := openParts()
	if err != nil {
		return nil, errors.Join(err, p.close())
	}
	return assemble(o, s, p, kernel, k)
}

func assemble(o Options, s *scheduler, p *page, kernel parts, k kept) (*control, error) {
	lp, err := newLoop(p)
	if err != nil {
		return nil, errors.Join(err, kernel.close(), p.close())
	}
	lp.guard.drop = s.drop
	h, err := newHolder(kernel, o.Log, lp.post)
	if err != nil {
		return nil, errors.Join(err, lp.close(), kernel.close(), p.close())
	}
	lp.orders = h.orders
	c := &control{options: o, log: o.Log, scheduler: s, loop: lp, holder: h, page: p, kept: k, verdicts: map[verdictKey]bool{}, started: time.Now(), over: make(chan struct{})}
	for _, v := range k.Verdicts {
		c.verdicts[v.Key] = v.Good
	}
	if len(k.VRRP.Instances) > 0 {
		d := newDesign(k.VRRP, k.Secrets, c.verdicts)
		holdings := h.adopt(k.VRRP)
		lp.post(func(l *loop) { l.install(d, holdings) })
	}
	return c, nil
}

// run works until ctx ends or a part fails.
func (c *control) run(ctx context.Context, l *net.UnixListener) error {
	hangups, spins := make(chan os.Signal, 1), make(chan os.Signal, 1)
	signal.Notify(hangups, unix.SIGHUP)
	signal.Notify(spins, unix.SIGXCPU)
	defer signal.Stop(hangups)
	defer signal.Stop(spins)
	holding, stopHolding := context.WithCancel(context.Background())
	defer stopHolding()
	serving, stopServing := context.WithCancel(context.Background()) // the agent hears of the last transitions too
	defer stopServing()
	all, ctx := errgroup.WithContext(ctx)
	all.Go(func() error {
		runtime.LockOSThread()
		defer close(c.over)
		return c.loop.run()
	})
	all.Go(func() error { return c.holder.run(holding) })
	all.Go(func() error { return line.Serve(serving, l, c, c.log) })
	all.Go(func() error { return c.chronicle(serving) })
	all.Go(func() error {
		c.loop.bell.spread(serving)
		return nil
	})
	c.options.Ready()
	for {
		select {
		case <-hangups:
			c.reexec()
			signal.Notify(hangups, unix.SIGHUP) // which it ignores since
		case <-spins:
			c.scheduler.drop("computed for 2 seconds without waiting")
		case <-ctx.Done():
			c.leave()
			stopServing()
			stopHolding()
			return all.Wait()
		}
	}
}

// leave gives the roles away, and then what goes with them.
func (c *control) leave() {
	c.mu.Lock() // no wanted state brings any of it back
	defer c.mu.Unlock()
	_ = c.onLoop(func(l *loop) { // an error means that the loop has ended, and the reason is that of run
		for _, m := range l.members {
			l.leave(m)
		}
	})
	_ = c.onLoop((*loop).end) // the packets have left by now, and the orders are given
	<-c.over
}

// reexec replaces the program by what is at its path now, in the same process: systemctl reload is an upgrade. The others
// hear of each master right before.
func (c *control) reexec() {
	c.mu.Lock() // no wanted state is half taken
	defer c.mu.Unlock()
	path, err := os.Executable()
	if err == nil {
		err = errors.Join(c.onLoop((*loop).remind), c.onLoop(func(*loop) {}))
	}
	if err == nil {
		c.log.Info("executing the program anew", "path", path)
		signal.Ignore(unix.SIGHUP) // exec keeps that (execve(2)): another SIGHUP is none for the program before it listens
		err = unix.Exec(path, os.Args, os.Environ())
	}
	c.log.Error("the program cannot be executed anew, and goes on as it is", "cause", err)
}

func (c *control) close() error {
	return errors.Join(c.holder.close(), c.loop.close(), c.page.close())
}
