// Package debian gets what the lab needs from Debian's archive.
package debian

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"strings"
)

// Apt runs apt-get; Progress hears, in a line, each thing that takes its time.
type Apt struct {
	Progress func(line string)
}

// Install installs packages; it needs root.
func (a Apt) Install(packages ...string) error {
	if os.Geteuid() != 0 {
		return fmt.Errorf("install %s: needs root: run as root once: apt-get install %[1]s", strings.Join(packages, " "))
	}
	a.Progress("installing " + strings.Join(packages, " "))
	args := append([]string{"install", "-y", "--no-install-recommends"}, packages...)
	return a.updating(func() error { return aptGet("", args...) })
}

// updating tries what once, and once more after apt-get update: the lists are old or missing on a fresh machine only.
func (a Apt) updating(what func() error) error {
	if what() == nil {
		return nil
	}
	a.Progress("updating the package lists")
	if err := aptGet("", "update"); err != nil {
		return err
	}
	return what()
}

func aptGet(dir string, args ...string) error {
	// Another apt may be at work: wait for its lock for a while instead of failing at once.
	cmd := exec.Command("apt-get", append([]string{"-qq", "-o", "DPkg::Lock::Timeout=300", "-o", "APT::Sandbox::User=root"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "DEBIAN_FRONTEND=noninteractive")
	return output(cmd, nil)
}

// output runs cmd; its error says the command and what it wrote.
func output(cmd *exec.Cmd, stdout *bytes.Buffer) error {
	var all bytes.Buffer
	cmd.Stderr = &all
	cmd.Stdout = &all
	if stdout != nil {
		cmd.Stdout = stdout
	}
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", strings.Join(cmd.Args, " "), err, bytes.TrimSpace(all.Bytes()))
	}
	return nil
}
