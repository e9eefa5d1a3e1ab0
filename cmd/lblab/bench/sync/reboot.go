package sync

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os/exec"
	"syscall"
	"time"

	"github.com/vishvananda/netlink"
	"github.com/vishvananda/netns"

	"github.com/lbsync/lbsync/cmd/lblab/topology"
	"github.com/lbsync/lbsync/spec"
)

// rebooted does what docs/operations.md says: the master gives its role away, and then goes down in order.
func rebooted(ctx context.Context, l *lab) error {
	master, backup, err := l.roles(ctx)
	if err != nil {
		return err
	}
	if err := l.handOver(ctx, master); err != nil {
		return err
	}
	if err := l.alone(ctx, backup); err != nil {
		return err
	}
	master.agent.end(syscall.SIGTERM)
	master.engine.end(syscall.SIGTERM)
	return l.back(ctx, master, backup)
}

// powerLost takes the master away without a word.
func powerLost(ctx context.Context, l *lab) error {
	master, backup, err := l.roles(ctx)
	if err != nil {
		return err
	}
	if err := l.noteResync(ctx, master); err != nil {
		return err
	}
	master.kill()
	return l.back(ctx, master, backup)
}

// back takes a director away with all that its kernel knew, once the other one is master, and brings it back as backup. The failover that
// follows goes back to it.
func (l *lab) back(ctx context.Context, master, backup *director) error {
	if err := l.renew(master, func() error { return l.alone(ctx, backup) }); err != nil {
		return err
	}
	if err := errors.Join(master.forget(), master.startEngine(), master.startAgent()); err != nil {
		return err
	}
	if err := l.settled(ctx); err != nil {
		return err
	}
	if now, _, err := l.roles(ctx); err != nil || now != backup {
		return errors.Join(err, fmt.Errorf("%s has the role again at once", master.name))
	}
	return nil
}

// renew puts a fresh namespace in the place of a director's, with the same hardware addresses, as a reboot leaves them: the others would
// send to the old ones for a while. between is done while it is away.
func (l *lab) renew(d *director, between func() error) error {
	cards := map[string]net.HardwareAddr{"eth0": nil, "eth1": nil}
	if err := eachCard(d.name, cards, func(_ *netlink.Handle, link netlink.Link) error {
		cards[link.Attrs().Name] = link.Attrs().HardwareAddr
		return nil
	}); err != nil {
		return err
	}
	for _, args := range [][]string{{"-n", d.name, "link", "del", "eth0"}, {"-n", d.name, "link", "del", "eth1"}, {"netns", "del", d.name}} {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("take %s away: %w: %s", d.name, err, out)
		}
	}
	if err := between(); err != nil {
		return err
	}
	if err := topology.Apply(l.plan.Again(d.name)); err != nil {
		return err
	}
	return eachCard(d.name, cards, func(h *netlink.Handle, link netlink.Link) error {
		return h.LinkSetHardwareAddr(link, cards[link.Attrs().Name])
	})
}

func eachCard(node string, cards map[string]net.HardwareAddr, do func(*netlink.Handle, netlink.Link) error) error {
	ns, err := netns.GetFromName(node)
	if err != nil {
		return fmt.Errorf("find namespace %s: %w", node, err)
	}
	defer func() { _ = ns.Close() }()
	h, err := netlink.NewHandleAt(ns)
	if err != nil {
		return fmt.Errorf("open netlink of %s: %w", node, err)
	}
	defer h.Close()
	for name := range cards {
		link, err := h.LinkByName(name)
		if err == nil {
			err = do(h, link)
		}
		if err != nil {
			return fmt.Errorf("%s of %s: %w", name, node, err)
		}
	}
	return nil
}

// alone waits until a director is master while the other one is away.
func (l *lab) alone(ctx context.Context, d *director) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		s, err := d.status(ctx)
		if state, whole := role(s); err == nil && state == spec.VRRPMaster && whole {
			return nil
		}
		if err := pause(ctx, 100*time.Millisecond); err != nil {
			return fmt.Errorf("%s takes over: %w", d.name, err)
		}
	}
}
