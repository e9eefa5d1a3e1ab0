package bench

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// tracefs is where the kernel lists its tracing (Documentation/trace/kprobetrace.rst).
const tracefs = "/sys/kernel/tracing"

// traced are the functions of ip_vs_ctl.c through which every command from user space goes, in whatever namespace.
var traced = map[string]string{
	"write_netlink": "ip_vs_genl_set_cmd",
	"write_old":     "do_ip_vs_set_ctl",
	"read_old":      "do_ip_vs_get_ctl",
}

// counter counts calls in the kernel itself, so that no program has to be believed.
type counter struct{}

func startCounter() (counter, error) {
	if _, err := os.Stat(filepath.Join(tracefs, "kprobe_events")); err != nil {
		if err := unix.Mount("tracefs", tracefs, "tracefs", 0, ""); err != nil {
			return counter{}, fmt.Errorf("mount tracefs: %w", err)
		}
	}
	var probes strings.Builder
	for event, function := range traced {
		fmt.Fprintf(&probes, "p:lbbench/%s %s\n", event, function)
	}
	if err := os.WriteFile(filepath.Join(tracefs, "kprobe_events"), []byte(probes.String()), 0); err != nil {
		return counter{}, fmt.Errorf("trace IPVS: %w", err)
	}
	return counter{}, counter{}.enable("1")
}

func (counter) enable(on string) error {
	if err := os.WriteFile(filepath.Join(tracefs, "events/lbbench/enable"), []byte(on), 0); err != nil {
		return fmt.Errorf("trace IPVS: %w", err)
	}
	return nil
}

// read is how often each kind of command was called since the counter started.
func (counter) read() (writes, reads int64, err error) {
	b, err := os.ReadFile(filepath.Join(tracefs, "kprobe_profile"))
	if err != nil {
		return 0, 0, fmt.Errorf("read the count of IPVS commands: %w", err)
	}
	return parseProfile(string(b))
}

// parseProfile reads lines of "EVENT HITS MISSES". A miss is a call that was not counted, so none may be.
func parseProfile(text string) (writes, reads int64, err error) {
	for line := range strings.Lines(text) {
		f := strings.Fields(line)
		if len(f) != 3 || traced[f[0]] == "" {
			continue
		}
		hits, err := strconv.ParseInt(f[1], 10, 64)
		if err != nil || f[2] != "0" {
			return 0, 0, fmt.Errorf("read the count of IPVS commands: %q", line)
		}
		if f[0] == "read_old" {
			reads += hits
		} else {
			writes += hits
		}
	}
	return writes, reads, nil
}

func (c counter) stop() error {
	if err := c.enable("0"); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(tracefs, "kprobe_events"), nil, 0)
}
