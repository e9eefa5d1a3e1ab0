package debian

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
)

// tools are the programs a lab needs and the packages that have them.
var tools = []struct{ program, pkg string }{
	{"qemu-system-x86_64", "qemu-system-x86"},
	{"busybox", "busybox-static"},
	{"depmod", "kmod"},
	{"ip", "iproute2"},
	{"sysctl", "procps"},
	{"xz", "xz-utils"},
	{"ipvsadm", "ipvsadm"}, // shows inside what the kernel holds, beside lbsync
}

// Tools installs the packages of the programs that are missing.
func (a Apt) Tools() error {
	var missing []string
	for _, t := range tools {
		if Program(t.program) == "" {
			missing = append(missing, t.pkg)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return a.Install(missing...)
}

// Program finds a program by name, also where only root's PATH leads; empty when there is none.
func Program(name string) string {
	if path, err := exec.LookPath(name); err == nil {
		return path
	}
	for _, dir := range []string{"/usr/sbin", "/sbin"} {
		path := filepath.Join(dir, name)
		if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return path
		}
	}
	return ""
}

// Missing installs those of the packages that are not installed.
func (a Apt) Missing(packages []string) error {
	var missing []string
	for _, name := range packages {
		var status bytes.Buffer
		err := output(exec.Command("dpkg-query", "-W", "-f=${db:Status-Status}", name), &status)
		if err != nil || status.String() != "installed" {
			missing = append(missing, name)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return a.Install(missing...)
}
