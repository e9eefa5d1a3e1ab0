package topology

import (
	"net/netip"
	"slices"
	"strings"
)

func (p *parser) node(s statement) {
	if len(s.words) < 2 {
		p.fail(s.lines[0], "a node has no name; write: node NAME SEGMENT=ADDRESS/LENGTH")
		return
	}
	if !p.name(s.words[1], s.lines[1]) {
		return
	}
	n := Node{Name: s.words[1]}
	for i := 2; i < len(s.words); i++ {
		if s.words[i] == "sysctl" {
			p.sysctls(&n, s.words[i+1:], s.lines[i:])
			break
		}
		p.word(&n, s.words[i], s.lines[i])
	}
	p.gateways(n, s.lines[0])
	p.result.Nodes = append(p.result.Nodes, n)
}

func (p *parser) word(n *Node, word string, line int) {
	key, value, found := strings.Cut(word, "=")
	switch {
	case !found || value == "":
		p.fail(line, "cannot read %q; write SEGMENT=, lo=, default=, route= or sysctl and what belongs to it", word)
	case key == "lo":
		n.Loopback = append(n.Loopback, p.addresses(value, line)...)
	case key == "default":
		for gateway := range strings.SplitSeq(value, ",") {
			p.route(n, "", gateway, line)
		}
	case key == "route":
		for route := range strings.SplitSeq(value, ",") {
			to, gateway, _ := strings.Cut(route, "@")
			p.route(n, to, gateway, line)
		}
	default:
		p.link(n, key, value, line)
	}
}

func (p *parser) link(n *Node, segment, value string, line int) {
	if !slices.Contains(p.result.Segments, segment) {
		p.fail(line, "no segment %q; add a line: segment %[1]s", segment)
		return
	}
	if slices.ContainsFunc(n.Links, func(l Link) bool { return l.Segment == segment }) {
		p.fail(line, "node %s is on segment %s twice; list all addresses with commas", n.Name, segment)
		return
	}
	l := Link{Segment: segment}
	if value != "none" {
		l.Addresses = p.addresses(value, line)
	}
	for _, other := range p.result.Nodes {
		for _, address := range l.Addresses {
			if other.has(segment, address.Addr()) {
				p.fail(line, "node %s has %s on segment %s too; an address belongs to one node", other.Name, address.Addr(), segment)
			}
		}
	}
	n.Links = append(n.Links, l)
}

func (n Node) has(segment string, address netip.Addr) bool {
	return slices.ContainsFunc(n.Links, func(l Link) bool {
		return l.Segment == segment && slices.ContainsFunc(l.Addresses, func(a netip.Prefix) bool { return a.Addr() == address })
	})
}

func (p *parser) addresses(value string, line int) []netip.Prefix {
	var all []netip.Prefix
	for text := range strings.SplitSeq(value, ",") {
		prefix, err := netip.ParsePrefix(text)
		if err != nil {
			p.fail(line, "cannot read the address %q; write ADDRESS/LENGTH, as in 192.0.2.1/24", text)
			continue
		}
		if slices.ContainsFunc(all, func(a netip.Prefix) bool { return a.Addr() == prefix.Addr() }) {
			p.fail(line, "the address %s is there twice; keep one", prefix.Addr())
			continue
		}
		all = append(all, prefix)
	}
	return all
}

func (p *parser) sysctls(n *Node, words []string, lines []int) {
	if len(words) == 0 {
		p.fail(lines[0], "sysctl without settings; write: sysctl net.KEY=VALUE")
	}
	for i, word := range words {
		key, value, _ := strings.Cut(word, "=")
		if value == "" || !strings.HasPrefix(key, "net.") {
			// Any other setting belongs to the whole machine, not to a namespace.
			p.fail(lines[i+1], "cannot set %q; write net.KEY=VALUE (sysctl is the last word of a node)", word)
			continue
		}
		n.Sysctls = append(n.Sysctls, word)
	}
}
