package topology

import (
	"fmt"
	"net/netip"
	"strings"
)

// Batch is a list of commands for one network namespace, in the words of sysctl(8) and ip(8). Settings come first: some
// only count for what is added after them.
type Batch struct {
	Namespace string   // empty: where lblab itself runs
	Sysctl    []string // KEY=VALUE
	IP        []string // lines for ip -batch
}

// String prints the commands as a person would type them.
func (b Batch) String() string {
	var s strings.Builder
	for _, setting := range b.Sysctl {
		fmt.Fprintf(&s, "ip netns exec %s sysctl -w %s\n", b.Namespace, setting)
	}
	prefix := "ip "
	if b.Namespace != "" {
		prefix = "ip -n " + b.Namespace + " "
	}
	for _, line := range b.IP {
		s.WriteString(prefix + line + "\n")
	}
	return s.String()
}

// Plan says how to build t where none of its namespaces exists.
func (t Topology) Plan() []Batch {
	var frame Batch
	for _, s := range t.Segments {
		frame.IP = append(frame.IP, "netns add "+s)
	}
	for _, n := range t.Nodes {
		frame.IP = append(frame.IP, "netns add "+n.Name)
	}
	for _, n := range t.Nodes {
		for _, l := range n.Links {
			frame.IP = append(frame.IP, linkLine(n, l))
		}
	}
	plan := []Batch{frame}
	for _, s := range t.Segments {
		plan = append(plan, t.bridge(s))
	}
	for _, n := range t.Nodes {
		plan = append(plan, n.batch())
	}
	return plan
}

// Again says how to build a node anew whose namespace was deleted; its ports on the bridges went with it.
func (t Topology) Again(name string) []Batch {
	frame := Batch{IP: []string{"netns add " + name}}
	plan := []Batch{{}}
	for _, n := range t.Nodes {
		if n.Name != name {
			continue
		}
		for _, l := range n.Links {
			frame.IP = append(frame.IP, linkLine(n, l))
			plan = append(plan, Batch{Namespace: l.Segment, IP: []string{portLine(n, l.Segment)}})
		}
		plan = append(plan, n.batch())
	}
	plan[0] = frame
	return plan
}

func linkLine(n Node, l Link) string {
	return fmt.Sprintf("link add %s netns %s type veth peer name %s netns %s", l.Segment, n.Name, n.Name, l.Segment)
}

func portLine(n Node, segment string) string {
	return "link set " + n.Name + " master " + segment + " up"
}

// bridge: snooping is off because it would hold multicast back until somebody joins where the bridge can see it.
func (t Topology) bridge(segment string) Batch {
	b := Batch{Namespace: segment, IP: []string{
		"link set lo up",
		"link add " + segment + " type bridge mcast_snooping 0",
		"link set " + segment + " up",
	}}
	for _, n := range t.Nodes {
		for _, l := range n.Links {
			if l.Segment == segment {
				b.IP = append(b.IP, portLine(n, segment))
			}
		}
	}
	return b
}

func (n Node) batch() Batch {
	b := Batch{Namespace: n.Name, Sysctl: n.Sysctls, IP: []string{"link set lo up"}}
	for _, a := range n.Loopback {
		b.IP = append(b.IP, addressLine(a, "lo"))
	}
	for _, l := range n.Links {
		b.IP = append(b.IP, "link set "+l.Segment+" up")
		for _, a := range l.Addresses {
			b.IP = append(b.IP, addressLine(a, l.Segment))
		}
	}
	for _, r := range n.Routes {
		b.IP = append(b.IP, fmt.Sprintf("route add %s via %s", r.To, r.Via))
	}
	return b
}

// addressLine: duplicate address detection would keep an IPv6 address unusable for a second.
func addressLine(a netip.Prefix, device string) string {
	line := "addr add " + a.String() + " dev " + device
	if a.Addr().Is6() {
		line += " nodad"
	}
	return line
}
