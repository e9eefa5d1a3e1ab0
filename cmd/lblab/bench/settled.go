package bench

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"
)

// minute is how long an agent has been at rest when its memory is looked at: it has read the kernel several times then, also in full.
const minute = 65 * time.Second

// watchAgent lets an agent fill an empty kernel and come to rest, and counts what it does there. What the tests of the program do not
// see counts too: the counting is the kernel's. At last it measures what a look costs there.
func watchAgent(ctx context.Context, r Rules, program, fleet string) (out Agent, looks Looks, err error) {
	out.Rules = r
	d, err := newDirector(r, program, fleet)
	if err != nil {
		return out, looks, err
	}
	count, err := startCounter()
	if err != nil {
		return out, looks, errors.Join(err, d.remove())
	}
	err = emptyKernel(func() error {
		p, err := d.start()
		if err != nil {
			return err
		}
		if err := d.watch(ctx, p, count, &out); err != nil {
			return p.explain(err)
		}
		if looks, err = measureLooks(r); err != nil {
			return p.explain(err)
		}
		return p.stop()
	})
	return out, looks, errors.Join(err, count.stop(), d.remove())
}

func (d director) watch(ctx context.Context, p *process, count counter, out *Agent) error {
	if err := d.idle(ctx, 0); err != nil {
		return err
	}
	filling, before, err := count.read()
	if err != nil {
		return err
	}
	select {
	case <-time.After(minute):
	case <-ctx.Done():
		return ctx.Err()
	}
	all, reads, err := count.read()
	if err != nil {
		return err
	}
	out.Filling, out.Writes, out.Reads = filling, all-filling, reads-before
	out.Age = time.Since(p.begin)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return fmt.Errorf("read the memory of the agent: %w", err)
	}
	out.Resident, out.Peak, err = parseMemory(string(status))
	return err
}

// parseMemory reads /proc/PID/status, proc(5); the answers are bytes.
func parseMemory(status string) (resident, peak int64, err error) {
	for line := range strings.Lines(status) {
		name, value, _ := strings.Cut(line, ":")
		into := map[string]*int64{"VmRSS": &resident, "VmHWM": &peak}[name]
		if into == nil {
			continue
		}
		kb, err := strconv.ParseInt(strings.TrimSuffix(strings.TrimSpace(value), " kB"), 10, 64)
		if err != nil {
			return 0, 0, fmt.Errorf("read the memory of the agent: %q: %w", line, err)
		}
		*into = kb << 10
	}
	if resident == 0 || peak == 0 {
		return 0, 0, errors.New("read the memory of the agent: the kernel does not tell it")
	}
	return resident, peak, nil
}
