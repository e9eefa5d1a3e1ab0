package sync

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// fleet is what the commits say: one cluster with one service.
type fleet struct {
	syncid, syncPort        int
	group, iface, scheduler string
	weights                 [3]int // of rs1, rs2, rs3; absent: it is not declared
	keys                    [2]string
}

const absent = -1

func firstFleet() fleet {
	return fleet{syncid: 11, syncPort: 8848, group: "224.0.0.81", iface: "eth0", scheduler: "wrr", weights: [3]int{1, 1, absent}}
}

// hcl has advertisements every 300 ms: the emulated machine has moments in which a shorter master-down interval would be over. Commits
// are proven within 2 s: a run waits for that several times.
func (f fleet) hcl() string {
	var b strings.Builder
	for i, name := range directors {
		fmt.Fprintf(&b, "director %q {\n  endpoint   = \"192.0.2.%d:7946\"\n  public_key = %q\n}\n", name, 11+i, f.keys[i])
	}
	fmt.Fprintf(&b, `
cluster "codis" {
  directors = ["lb1", "lb2"]
  connection_sync {
    syncid    = %d
    interface = %q
    group     = %q
    port      = %d
  }
  confirm {
    timeout = "2s"
  }
  vrrp_instance "codis" {
    interface         = "eth0"
    virtual_router_id = 79
    priority          = { lb1 = 100, lb2 = 101 }
    advert_interval   = "300ms"
    preempt           = false
    unicast           = true
    virtual_address "%s/32" {}
  }
  virtual_server "codis" {
    address    = %q
    port       = %d
    protocol   = "tcp"
    scheduler  = %q
    forwarding = "dr"
`, f.syncid, f.iface, f.group, f.syncPort, virtual, virtual, port, f.scheduler)
	for i, w := range f.weights {
		if w != absent {
			fmt.Fprintf(&b, "    real_server \"192.0.2.%d:%d\" { weight = %d }\n", 21+i, port, w)
		}
	}
	b.WriteString("  }\n}\n")
	return b.String()
}

// repository is where the directors' agents look.
type repository struct{ dir string }

func newRepository(dir string) (repository, error) {
	r := repository{dir}
	return r, r.git(context.Background(), "init", "-q", "-b", "main", dir)
}

// commit makes main be a fleet and returns its id.
func (r repository) commit(ctx context.Context, subject string, f fleet) (string, error) {
	if err := os.WriteFile(filepath.Join(r.dir, "fleet.hcl"), []byte(f.hcl()), 0o644); err != nil {
		return "", fmt.Errorf("write the fleet: %w", err)
	}
	if err := r.git(ctx, "-C", r.dir, "add", "."); err != nil {
		return "", err
	}
	if err := r.git(ctx, "-C", r.dir, "-c", "user.name=Ada Operator", "-c", "user.email=ada@example.net", "commit", "-qm", subject); err != nil {
		return "", err
	}
	return r.head()
}

func (r repository) head() (string, error) {
	b, err := os.ReadFile(filepath.Join(r.dir, ".git", "refs", "heads", "main"))
	if err != nil {
		return "", fmt.Errorf("read the tip of main: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

func (r repository) git(ctx context.Context, args ...string) error {
	out, err := exec.CommandContext(ctx, "git", args...).CombinedOutput()
	if err != nil {
		return fmt.Errorf("git %s: %w: %s", strings.Join(args, " "), err, out)
	}
	return nil
}
