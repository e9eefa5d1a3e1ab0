package kernel

import (
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"github.com/lbsync/lbsync/spec"
)

// membership is a multicast group that somebody on this host listens to.
type membership struct {
	iface string
	group netip.Addr
}

// detached marks the daemons that no longer reach their interface: one that was deleted, or deleted and made anew, takes the sockets
// on it along, and IPVS reports the daemon as if nothing were. The membership of a backup daemon shows it. A master daemon has none
// and is judged by a backup daemon beside it; alone, only by whether its interface exists.
func detached(daemons spec.Rows[spec.Role, spec.Daemon]) error {
	if len(daemons) == 0 {
		return nil
	}
	members, known, err := memberships()
	if err != nil {
		return err
	}
	lost := map[membership]bool{}
	for _, r := range daemons {
		m := membership{r.Value.Interface, r.Value.Group}
		_, gone := net.InterfaceByName(m.iface)
		lost[m] = lost[m] || gone != nil || known && r.Key == spec.RoleBackup && !members[m]
	}
	for i, r := range daemons {
		daemons[i].Value.Detached = lost[membership{r.Value.Interface, r.Value.Group}]
	}
	return nil
}

// memberships are those of the network namespace that the calling thread is in; not known when the kernel does not list them.
func memberships() (members map[membership]bool, known bool, err error) {
	members = map[membership]bool{}
	for name, parse := range map[string]func(map[membership]bool, string) error{"igmp": parseIGMP, "igmp6": parseIGMP6} {
		// Not /proc/net, which is that of the process' first thread.
		text, err := os.ReadFile("/proc/thread-self/net/" + name)
		if errors.Is(err, fs.ErrNotExist) {
			if name == "igmp" {
				return nil, false, nil
			}
			continue // ipv6.disable=1: no group of IPv6 can be joined
		}
		if err == nil {
			err = parse(members, string(text))
		}
		if err != nil {
			return nil, false, fmt.Errorf("read multicast memberships: %w", err)
		}
	}
	return members, true, nil
}

// parseIGMP reads /proc/net/igmp (net/ipv4/igmp.c, igmp_mc_seq_show): a line for an interface, then one for each of its groups, which
// begins with blanks and prints the address as a number of the host's byte order.
func parseIGMP(members map[membership]bool, text string) error {
	_, text, _ = strings.Cut(text, "\n") // the header
	iface := ""
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		switch {
		case len(words) < 2:
			return fmt.Errorf("igmp: line %q is cut", line)
		case line[0] != '\t':
			iface = strings.TrimSuffix(words[1], ":")
			continue
		}
		n, err := strconv.ParseUint(words[0], 16, 32)
		if err != nil {
			return fmt.Errorf("igmp: %w", err)
		}
		var group [4]byte
		binary.NativeEndian.PutUint32(group[:], uint32(n))
		members[membership{iface, netip.AddrFrom4(group)}] = true
	}
	return nil
}

// parseIGMP6 reads /proc/net/igmp6 (net/ipv6/mcast.c, igmp6_mc_seq_show): index, interface, address and more.
func parseIGMP6(members map[membership]bool, text string) error {
	for line := range strings.Lines(text) {
		words := strings.Fields(line)
		if len(words) < 3 {
			return fmt.Errorf("igmp6: line %q is cut", line)
		}
		b, err := hex.DecodeString(words[2])
		group, ok := netip.AddrFromSlice(b)
		if err != nil || !ok {
			return fmt.Errorf("igmp6: %q is no address", words[2])
		}
		members[membership{words[1], group}] = true
	}
	return nil
}
