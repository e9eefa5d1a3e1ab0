package sync

import (
	"context"
	"fmt"

	"github.com/lbsync/lbsync/spec"
)

// classic is the case that lbsync has no part in, but for the failover.
const classic = "by hand: syncid changed"

// byHand is the procedure of keepalived's and ipvsadm's users for a new syncid: the backup's receiving daemon first, then the master's
// sending one. Between the two an operator has to reach the other host; here it is no longer than what two agents are apart.
func byHand(ctx context.Context, l *lab) error {
	master, backup, err := l.roles(ctx)
	if err != nil {
		return err
	}
	for _, d := range l.directors {
		if err := d.do(ctx, spec.Command{Verb: spec.Suspend, Reason: "by hand"}); err != nil {
			return err
		}
	}
	id := l.fleet.syncid + 1
	if err := l.restartDaemon(backup, "backup", id); err != nil {
		return err
	}
	if err := pause(ctx, apart); err != nil {
		return err
	}
	return l.restartDaemon(master, "master", id)
}

func (l *lab) restartDaemon(d *director, role string, id int) error {
	if err := on(d.name, l.job.IPVSAdm, "--stop-daemon", role); err != nil {
		return err
	}
	return on(d.name, l.job.IPVSAdm, "--start-daemon", role, "--mcast-interface", l.fleet.iface, "--syncid", fmt.Sprint(id),
		"--mcast-group", l.fleet.group, "--mcast-port", fmt.Sprint(l.fleet.syncPort))
}

// backToGit lets the agents put right what was done by hand.
func backToGit(ctx context.Context, l *lab) error {
	for _, d := range l.directors {
		if err := d.do(ctx, spec.Command{Verb: spec.Resume}); err != nil {
			return err
		}
	}
	return nil
}
