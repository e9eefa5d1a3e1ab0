package probe

import (
	"context"
	"errors"
	"os/exec"
	"strconv"

	"github.com/lbsync/lbsync/runtime/program"
	"github.com/lbsync/lbsync/spec"
)

// script is a check of kind exec. Exit code 0 is a success. A program that cannot be started is a fault of this host, which says nothing
// of the server, and shows as one; one that ends by a signal has failed.
type script struct {
	check   spec.Check
	command []string
	env     []string
	weighs  bool // exit code 2 to 255 is a success with the weight 0 to 253, as keepalived's misc_dynamic
}

func newExec(c spec.Check) (Probe, error) {
	v := c.Settings.Values()
	s := script{check: c, command: v["command"], weighs: v.Get("weight_from_exit") == "true"}
	if len(s.command) == 0 {
		return nil, errors.New("read command: it is empty")
	}
	address := ""
	if c.Addr.IsValid() {
		address = c.Addr.Addr().String()
	}
	s.env = []string{"LBSYNC_ADDRESS=" + address, "LBSYNC_PORT=" + strconv.Itoa(int(c.Addr.Port()))}
	return s.probe, nil
}

func (s script) probe(ctx context.Context) Result {
	err := program.Run(ctx, s.command, s.env)
	if err == nil {
		return ok
	}
	doing := "run " + s.command[0]
	ended, exited := errors.AsType[*exec.ExitError](err)
	switch {
	case errors.Is(err, context.Cause(ctx)):
		res := failed(ctx, s.check, doing, err)
		if f, ran := errors.AsType[*program.Failure](err); ran && f.Said != "" {
			res.Why += ": " + f.Said
		}
		return res
	case !exited:
		return local("%s: %s", doing, cause(err))
	case s.weighs && ended.ExitCode() >= 2:
		return Result{OK: true, Weight: int32(ended.ExitCode() - 2)}
	}
	return bad("%s: %v", s.command[0], err)
}
