package pair

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// Keepalived is Debian's keepalived on a node, VRRP alone.
type Keepalived struct {
	process
	program string
	dir     string
}

// NewKeepalived writes keepalived.conf for the wanted state into dir; secrets are PASS words by name.
func (n *Node) NewKeepalived(program, dir string, want spec.VRRP, secrets map[string]string) (*Keepalived, error) {
	k := &Keepalived{process{node: n, log: filepath.Join(dir, n.Name+".log")}, program, dir}
	if err := os.WriteFile(k.file("conf"), []byte(Conf(n.Name, want, secrets)), 0o600); err != nil {
		return nil, fmt.Errorf("write keepalived.conf: %w", err)
	}
	return k, nil
}

func (k *Keepalived) file(kind string) string { return filepath.Join(k.dir, k.node.Name+"."+kind) }

// Start starts it, in the foreground.
func (k *Keepalived) Start(context.Context) error {
	for _, pid := range []string{"pid", "vrrp.pid"} {
		// After kill -9 they are still there; keepalived would take a process that has its old number for itself and end.
		if err := os.Remove(k.file(pid)); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("remove keepalived's old pid file: %w", err)
		}
	}
	return k.start(k.program, "--vrrp", "--dont-fork", "--log-console", "--no-syslog", "--log-detail", "--use-file", k.file("conf"),
		"--pid", k.file("pid"), "--vrrp_pid", k.file("vrrp.pid"))
}

// Conf is keepalived.conf for a wanted state. keepalived gets real-time priority, without which it misses adverts on a busy machine,
// and the state BACKUP, which lets it obey nopreempt. A real-time process that computes for 10 ms (the default of vrrp_rlimit_rttime) is
// killed, which happens to it on a virtual machine whose processor is away meanwhile.
func Conf(router string, want spec.VRRP, secrets map[string]string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "global_defs {\n  router_id %s\n  vrrp_rt_priority 1\n  vrrp_rlimit_rttime 1000000\n}\n", router)
	for _, row := range want.Instances {
		fmt.Fprintf(&b, "vrrp_instance %s {\n", row.Key)
		writeInstance(&b, row.Value, secrets)
		writePeers(&b, row.Key, want)
		writeAddresses(&b, "virtual_ipaddress", false, row.Key, want)
		writeAddresses(&b, "virtual_ipaddress_excluded", true, row.Key, want)
		b.WriteString("}\n")
	}
	return b.String()
}

func writeInstance(b *strings.Builder, i spec.Instance, secrets map[string]string) {
	fmt.Fprintf(b, "  state BACKUP\n  interface %s\n  virtual_router_id %d\n  version %d\n  priority %d\n  advert_int %s\n",
		i.Interface, i.RouterID, i.Version, i.Priority, seconds(i.Interval))
	if !i.Preempt {
		b.WriteString("  nopreempt\n")
	}
	fmt.Fprintf(b, "  garp_master_repeat %d\n", i.Announce.Repeat)
	if i.Announce.Delay > 0 {
		fmt.Fprintf(b, "  garp_master_delay %s\n", seconds(i.Announce.Delay))
	}
	if i.Secret != "" {
		fmt.Fprintf(b, "  authentication {\n    auth_type PASS\n    auth_pass %s\n  }\n", secrets[i.Secret])
	}
	if i.Source.IsValid() && i.Unicast {
		fmt.Fprintf(b, "  unicast_src_ip %s\n", i.Source)
	}
}

func seconds(d time.Duration) string {
	return strings.TrimRight(strings.TrimRight(fmt.Sprintf("%.2f", d.Seconds()), "0"), ".")
}

func writePeers(b *strings.Builder, of spec.InstanceKey, want spec.VRRP) {
	var peers []string
	for _, row := range want.Peers {
		if row.Key.Instance == of {
			peers = append(peers, row.Key.Addr.String())
		}
	}
	if len(peers) > 0 {
		fmt.Fprintf(b, "  unicast_peer {\n    %s\n  }\n", strings.Join(peers, "\n    "))
	}
}

// writeAddresses puts link-local addresses first: keepalived advertises in the order of its file, and RFC 9568, section 5.2.9, wants it so.
func writeAddresses(b *strings.Builder, block string, excluded bool, of spec.InstanceKey, want spec.VRRP) {
	fmt.Fprintf(b, "  %s {\n", block)
	for _, linkLocal := range []bool{true, false} {
		for _, row := range want.Addresses {
			if row.Key.Instance == of && row.Value.Excluded == excluded && row.Key.Prefix.Addr().IsLinkLocalUnicast() == linkLocal {
				fmt.Fprintf(b, "    %s dev %s\n", row.Key.Prefix, row.Value.Device)
			}
		}
	}
	b.WriteString("  }\n")
}
