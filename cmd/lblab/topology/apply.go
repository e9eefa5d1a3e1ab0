package topology

import (
	"fmt"
	"os/exec"
	"strings"
)

// Apply does what a plan says. It changes the running network namespaces: only process 1 of a machine of its own calls it.
func Apply(plan []Batch) error {
	for _, b := range plan {
		if err := b.apply(); err != nil {
			return err
		}
	}
	return nil
}

func (b Batch) apply() error {
	if len(b.Sysctl) > 0 {
		args := append([]string{"netns", "exec", b.Namespace, "sysctl", "-q", "-w"}, b.Sysctl...)
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			return fmt.Errorf("set sysctls of %s: %w: %s", b.Namespace, err, out)
		}
	}
	args := []string{"-batch", "-"}
	if b.Namespace != "" {
		args = append([]string{"-n", b.Namespace}, args...)
	}
	// One process for all lines: in an emulated machine a fork and exec takes 50 ms.
	cmd := exec.Command("ip", args...)
	cmd.Stdin = strings.NewReader(strings.Join(b.IP, "\n") + "\n")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("build the topology: %w: %s; the commands were:\n%s", err, out, b)
	}
	return nil
}
