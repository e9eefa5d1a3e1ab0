package debian

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// meta is the package that depends on the kernel of the release.
const meta = "linux-image-amd64"

// KernelPackage names the real package behind meta, e.g. linux-image-6.1.0-56-amd64. The signed one is preferred: it is
// the one that mirrors always have.
func (a Apt) KernelPackage() (string, error) {
	var name string
	err := a.updating(func() error {
		var out bytes.Buffer
		if err := output(exec.Command("apt-cache", "depends", meta), &out); err != nil {
			return err
		}
		name = pickKernel(out.String())
		if name == "" {
			return fmt.Errorf("find the kernel behind %s: it depends on no linux-image-*-amd64; check that apt's sources have Debian's main archive", meta)
		}
		return nil
	})
	return name, err
}

// pickKernel reads apt-cache depends; empty when there is no kernel.
func pickKernel(depends string) string {
	unsigned := ""
	for line := range strings.Lines(depends) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		name := fields[len(fields)-1]
		switch {
		case name == meta || !strings.HasPrefix(name, "linux-image-"):
		case strings.HasSuffix(name, "-unsigned"):
			unsigned = name
		default:
			return name
		}
	}
	return unsigned
}

// Unpack downloads a package and unpacks it into dir, without installing it.
func (a Apt) Unpack(name, dir string) error {
	a.Progress("downloading " + name + " (about 70 MB)")
	if err := a.updating(func() error { return aptGet(dir, "download", name) }); err != nil {
		return err
	}
	debs, err := filepath.Glob(filepath.Join(dir, "*.deb"))
	if err != nil || len(debs) != 1 {
		return fmt.Errorf("download %s: %d packages arrived", name, len(debs))
	}
	a.Progress("unpacking " + filepath.Base(debs[0]))
	if err := output(exec.Command("dpkg-deb", "-x", debs[0], dir), nil); err != nil {
		return err
	}
	return os.Remove(debs[0])
}

// Depmod writes the modules.dep that the package's installation would have written.
func Depmod(root, release string) error {
	return output(exec.Command(Program("depmod"), "-b", root, release), nil)
}

// Unxz unpacks data.
func Unxz(data []byte) ([]byte, error) {
	cmd := exec.Command("xz", "-dc")
	cmd.Stdin = bytes.NewReader(data)
	var out bytes.Buffer
	if err := output(cmd, &out); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}
