package vrrp

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
)

// load is what keeps the processors busy beside what is measured: a shell command for each.
type load struct {
	name    string
	command string // "" is none
}

// loads are those of a jitter measurement; fleet is a folder with many lines of HCL.
func loads(lbsync, fleet string) []load {
	return []load{
		{"none", ""},
		{"all processors computing", "while :; do :; done"},
		{"all processors parsing HCL", fmt.Sprintf("while %q validate %q >/dev/null; do :; done", lbsync, fleet)},
	}
}

// worst is all processors computing while a fleet of 10,000 services is parsed every ten seconds.
func worst(lbsync, fleet string) load {
	return load{"all processors computing, 10,000 services parsed every 10 s",
		fmt.Sprintf("(while sleep 10; do %q validate %q >/dev/null; done) & while :; do :; done", lbsync, fleet)}
}

// start returns the function that ends it, with an error if it had ended by itself: then there was no load.
func (l load) start() (func() error, error) {
	var running []*exec.Cmd
	end := sync.OnceValue(func() error {
		var err error
		for _, cmd := range running {
			err = errors.Join(err, l.end(cmd))
		}
		return err
	})
	for range runtime.NumCPU() {
		if l.command == "" {
			break
		}
		cmd := exec.Command("sh", "-c", l.command)
		cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
		if err := cmd.Start(); err != nil {
			return nil, errors.Join(fmt.Errorf("start load %q: %w", l.name, err), end())
		}
		running = append(running, cmd)
	}
	return end, nil
}

func (l load) end(cmd *exec.Cmd) error {
	_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL)
	_ = cmd.Wait()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() {
		return fmt.Errorf("load %q ended by itself: %s", l.name, cmd.ProcessState)
	}
	return nil
}

// writeFleet writes a fleet of services with ten real servers each, 40 to a cluster.
func writeFleet(dir string, services int) error {
	var b strings.Builder
	b.WriteString("director \"lb1\" {}\ndirector \"lb2\" {}\n")
	for i := range services {
		if i%40 == 0 {
			fmt.Fprintf(&b, "cluster \"c%d\" {\n  directors = [\"lb1\", \"lb2\"]\n", i/40)
		}
		fmt.Fprintf(&b, "  virtual_server \"s%d\" {\n    address    = \"10.0.%d.%d\"\n    port       = 80\n    protocol   = \"tcp\"\n    scheduler  = \"wrr\"\n    forwarding = \"dr\"\n", i, i/250, i%250+1)
		for j := range 10 {
			n := i*10 + j
			fmt.Fprintf(&b, "    real_server \"10.%d.%d.%d\" { weight = 1 }\n", 128+n/62500, n/250%250, n%250+1)
		}
		b.WriteString("  }\n")
		if i%40 == 39 || i == services-1 {
			b.WriteString("}\n")
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "fleet.hcl"), []byte(b.String()), 0o644); err != nil {
		return fmt.Errorf("write a fleet: %w", err)
	}
	return nil
}
