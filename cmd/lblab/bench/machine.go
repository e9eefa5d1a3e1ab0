package bench

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// ThisMachine describes the host; Measure adds the kernel that it ran in. keepalived is "" where it has no part.
func ThisMachine(lbsync, keepalived string) (Machine, error) {
	m := Machine{Cores: runtime.NumCPU(), Go: runtime.Version()}
	processor, err1 := field("/proc/cpuinfo", "model name", ":")
	system, err2 := field("/etc/os-release", "PRETTY_NAME", "=")
	release, err3 := kernelRelease()
	ours, err4 := exec.Command(lbsync, "version").Output()
	load, err6 := os.ReadFile("/proc/loadavg")
	var theirs []byte
	var err5 error
	if keepalived != "" {
		theirs, err5 = exec.Command(keepalived, "--version").CombinedOutput()
	}
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		return Machine{}, fmt.Errorf("describe the machine: %w", err)
	}
	m.Processor, m.System, m.HostKernel = processor, strings.Trim(system, `"`), release
	m.Load = strings.Join(strings.Fields(string(load))[:3], " ")
	m.Lbsync, m.Keepalived = firstLine(ours), firstLine(theirs)
	return m, nil
}

// ThisKernel is what Measure adds.
func ThisKernel() (m Machine, err error) {
	m.Processors = runtime.NumCPU()
	m.Kernel, err = kernelRelease()
	return m, err
}

// In is the host with the kernel that ThisKernel found.
func (m Machine) In(kernel Machine) Machine {
	m.Kernel, m.Processors = kernel.Kernel, kernel.Processors
	return m
}

// field is the first value of a name in a file of lines.
func field(file, name, between string) (string, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(string(b)) {
		if k, v, ok := strings.Cut(line, between); ok && strings.TrimSpace(k) == name {
			return strings.TrimSpace(v), nil
		}
	}
	return "unknown", nil
}

func kernelRelease() (string, error) {
	var u unix.Utsname
	if err := unix.Uname(&u); err != nil {
		return "", fmt.Errorf("ask for the kernel's release: %w", err)
	}
	return unix.ByteSliceToString(u.Release[:]), nil
}

func firstLine(b []byte) string {
	line, _, _ := bytes.Cut(bytes.TrimSpace(b), []byte("\n"))
	return string(line)
}
