package kernel

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/lbsync/lbsync/spec"
)

// ErrOnlySet is the error of a change that would add a timeout or sysctl the kernel does not have, or remove one.
var ErrOnlySet = errors.New("it can be set, but neither added nor removed")

const sysctlRoot = "/proc/sys"

// vsSysctls is the folder of IPVS' own.
const vsSysctls = "net.ipv4.vs"

// NoSysctl is the error for a sysctl that the kernel does not have.
func NoSysctl(k spec.SysctlKey) error {
	if strings.HasPrefix(string(k), vsSysctls+".") {
		return fmt.Errorf("this kernel has no such sysctl: module ip_vs gives those of %s, newer kernels more than older ones: %w", vsSysctls, fs.ErrNotExist)
	}
	return fmt.Errorf("this kernel has no such sysctl: %w", fs.ErrNotExist)
}

// Normalise is the text of a setting as the kernel reads it back: numbers separated by one blank. A setting that is not numbers is
// an error: all of IPVS' are, and the kernel would take the part before the first letter.
func Normalise(s spec.Setting) (spec.Setting, error) {
	words := strings.Fields(string(s))
	for i, w := range words {
		n, err := strconv.ParseInt(w, 10, 64)
		if err != nil {
			return "", fmt.Errorf("value %q: %q is not a whole number", s, w)
		}
		words[i] = strconv.FormatInt(n, 10)
	}
	if len(words) == 0 {
		return "", errors.New("value is empty")
	}
	return spec.Setting(strings.Join(words, " ")), nil
}

// sysctlPath is the file of a sysctl: dots are folders, but for those in the name of an interface.
func sysctlPath(k spec.SysctlKey) string {
	words := strings.Split(string(k), ".")
	if n := len(words); n > 5 && (words[2] == "conf" || words[2] == "neigh") {
		words = []string{words[0], words[1], words[2], strings.Join(words[3:n-1], "."), words[n-1]}
	}
	return filepath.Join(sysctlRoot, filepath.Join(words...))
}

func readSysctl(k spec.SysctlKey) (spec.Setting, error) {
	b, err := os.ReadFile(sysctlPath(k))
	if errors.Is(err, fs.ErrNotExist) {
		return "", NoSysctl(k)
	}
	return spec.Setting(strings.Join(strings.Fields(string(b)), " ")), err
}

// writeSysctl writes a sysctl of the network namespace that the calling thread is in, and reads it back: several handlers of
// ip_vs_ctl.c take a value and keep another.
func writeSysctl(k spec.SysctlKey, v spec.Setting) error {
	want, err := Normalise(v)
	if err != nil {
		return err
	}
	// Without O_CREATE or O_TRUNC, which proc refuses for a missing file with the wrong error.
	f, err := os.OpenFile(sysctlPath(k), os.O_WRONLY, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return NoSysctl(k)
	}
	if err != nil {
		return err
	}
	_, err = f.WriteString(string(want))
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("value %s: %w", want, err)
	}
	got, err := readSysctl(k)
	if err == nil && got != want {
		err = fmt.Errorf("the kernel took %q and holds %q", want, got)
	}
	return err
}

// Hold adds sysctls to those that are observed, which are the ones of net.ipv4.vs and all that Apply has set.
func (k *Kernel) Hold(keys ...spec.SysctlKey) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.hold(keys...)
}

func (k *Kernel) hold(keys ...spec.SysctlKey) {
	for _, key := range keys {
		if !strings.HasPrefix(string(key), vsSysctls+".") {
			k.held[key] = true
		}
	}
}

// sysctls are those observed that exist here. Those whose text is not numbers (est_cpulist) are not settings that can be held.
func (k *Kernel) sysctls() (spec.Rows[spec.SysctlKey, spec.Setting], error) {
	entries, err := os.ReadDir(sysctlPath(vsSysctls))
	if err != nil {
		return nil, fmt.Errorf("list sysctls: %w", err)
	}
	keys := slices.Collect(maps.Keys(k.held))
	for _, e := range entries {
		keys = append(keys, spec.SysctlKey(vsSysctls+"."+e.Name()))
	}
	var out spec.Rows[spec.SysctlKey, spec.Setting]
	for _, key := range keys {
		v, err := readSysctl(key)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("read sysctl %s: %w", key, err)
		}
		if _, err := Normalise(v); err == nil {
			out = append(out, spec.Row[spec.SysctlKey, spec.Setting]{Key: key, Value: v})
		}
	}
	out.Sort()
	return out, nil
}
