package health

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/moby/ipvs"
)

// perService is how many real servers a virtual server of keepalived has.
const perService = 100

// runKeepalived runs a case with keepalived's checker, in a network namespace of its own. It notices when the real server leaves IPVS,
// and its cost is that of the process that checks.
func (c Case) runKeepalived(ctx context.Context, self, program string) (m Measured, err error) {
	m.Case = c
	if err := prepareNamespace(); err != nil {
		return m, err
	}
	servers, err := startServer(ctx, self)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, servers.stop()) }()
	k, err := c.startKeepalived(program)
	if err != nil {
		return m, err
	}
	defer func() { err = errors.Join(err, k.stop()) }()
	if err := k.left(ctx, c.Checks); err != nil {
		return m, err
	}
	if err := wait(ctx, 2*c.Interval); err != nil {
		return m, err
	}
	if c.Outage == "" {
		return m, k.cost(ctx, &m)
	}
	begin := time.Now()
	if err := servers.refuse(); err != nil {
		return m, err
	}
	if err := k.left(ctx, 0); err != nil {
		return m, err
	}
	m.Noticed = time.Since(begin)
	return m, nil
}

// keepalivedConf is the case in keepalived's words, with no retry.
func (c Case) keepalivedConf() string {
	var b strings.Builder
	b.WriteString("global_defs {\n    router_id bench\n    checker_log_all_failures no\n}\n")
	for first := 0; first < c.Checks; first += perService {
		fmt.Fprintf(&b, "virtual_server 10.0.1.%d 80 {\n    delay_loop %d\n    lvs_sched rr\n    lvs_method NAT\n    protocol TCP\n", first/perService+1, int(c.Interval.Seconds()))
		for i := first; i < min(first+perService, c.Checks); i++ {
			fmt.Fprintf(&b, "    real_server %s %d {\n        TCP_CHECK {\n            connect_timeout %d\n            retry 0\n        }\n    }\n",
				address(i).Addr(), port, int(c.Timeout.Seconds()))
		}
		b.WriteString("}\n")
	}
	return b.String()
}

// keepalived is its checker, and a look into IPVS.
type keepalived struct {
	cmd    *exec.Cmd
	dir    string
	kernel *ipvs.Handle
}

func (c Case) startKeepalived(program string) (k *keepalived, err error) {
	k = &keepalived{}
	if k.kernel, err = ipvs.New(""); err != nil {
		return nil, fmt.Errorf("open IPVS: %w", err)
	}
	if k.dir, err = os.MkdirTemp("", "keepalived-"); err != nil {
		return nil, fmt.Errorf("make a folder for keepalived: %w", err)
	}
	conf := filepath.Join(k.dir, "keepalived.conf")
	if err := os.WriteFile(conf, []byte(c.keepalivedConf()), 0o644); err != nil {
		return nil, fmt.Errorf("write %s: %w", conf, err)
	}
	k.cmd = exec.Command(program, "--dont-fork", "--check", "--no-syslog", "--use-file", conf,
		"--pid", filepath.Join(k.dir, "parent.pid"), "--checkers_pid", filepath.Join(k.dir, "checkers.pid"))
	k.cmd.Stderr = os.Stderr
	k.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := k.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start keepalived: %w", err)
	}
	return k, nil
}

func (k *keepalived) stop() error {
	_ = syscall.Kill(-k.cmd.Process.Pid, syscall.SIGKILL)
	_ = k.cmd.Wait()
	k.kernel.Close()
	return os.RemoveAll(k.dir)
}

// left waits until IPVS has so many real servers.
func (k *keepalived) left(ctx context.Context, want int) error {
	for {
		n, err := k.realServers()
		if err != nil {
			return err
		}
		if n == want {
			return nil
		}
		if err := wait(ctx, lookEvery); err != nil {
			return fmt.Errorf("wait for %d real servers in the kernel, there are %d: %w", want, n, err)
		}
	}
}

func (k *keepalived) realServers() (n int, err error) {
	services, err := k.kernel.GetServices()
	if err != nil {
		return 0, fmt.Errorf("read services: %w", err)
	}
	for _, s := range services {
		dests, err := k.kernel.GetDestinations(s)
		if err != nil {
			return 0, fmt.Errorf("read real servers of %s: %w", s.Address, err)
		}
		n += len(dests)
	}
	return n, nil
}

// cost measures the processes of keepalived for a while; probes are the connections that were opened in the namespace meanwhile.
func (k *keepalived) cost(ctx context.Context, m *Measured) error {
	cpu, err1 := k.used()
	opened, err2 := opens()
	begin := time.Now()
	if err := errors.Join(err1, err2, wait(ctx, m.Case.Lasting)); err != nil {
		return err
	}
	cpuAfter, err1 := k.used()
	openedAfter, err2 := opens()
	m.CPU, m.Probes, m.Lasted = cpuAfter-cpu, openedAfter-opened, time.Since(begin)
	var err3 error
	m.Resident, err3 = k.resident()
	return errors.Join(err1, err2, err3)
}

// checker is the process that checks.
func (k *keepalived) checker() (string, error) {
	text, err := os.ReadFile(filepath.Join(k.dir, "checkers.pid"))
	if err != nil {
		return "", fmt.Errorf("find keepalived's checker: %w", err)
	}
	return "/proc/" + strings.TrimSpace(string(text)), nil
}

func (k *keepalived) used() (time.Duration, error) {
	return numberOf(k, "schedstat", func(text string) (time.Duration, error) {
		first, _, _ := strings.Cut(text, " ")
		ns, err := strconv.ParseInt(first, 10, 64)
		return time.Duration(ns), err
	})
}

func (k *keepalived) resident() (int64, error) {
	return numberOf(k, "statm", func(text string) (int64, error) { return residentOf(text) })
}

func numberOf[T any](k *keepalived, file string, read func(string) (T, error)) (n T, err error) {
	dir, err := k.checker()
	if err != nil {
		return n, err
	}
	text, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		return n, fmt.Errorf("look at keepalived: %w", err)
	}
	return read(string(text))
}

// opens is how many connections were opened in this network namespace.
func opens() (uint64, error) {
	text, err := os.ReadFile("/proc/self/net/snmp")
	if err != nil {
		return 0, fmt.Errorf("count connections: %w", err)
	}
	var names []string
	for line := range strings.Lines(string(text)) {
		f := strings.Fields(line)
		if f[0] != "Tcp:" {
			continue
		}
		if names == nil {
			names = f
			continue
		}
		for i, name := range names {
			if name == "ActiveOpens" {
				return strconv.ParseUint(f[i], 10, 64)
			}
		}
	}
	return 0, errors.New("count connections: /proc/self/net/snmp has no ActiveOpens")
}

func wait(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
