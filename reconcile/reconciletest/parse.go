package reconciletest

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/lbsync/lbsync/spec"
)

// Parse reads what Format prints: lines in any order, empty lines and lines that begin with # left out. The rows carry no Pos.
func Parse(text string) (spec.State, error) {
	var s spec.State
	n := 0
	for line := range strings.Lines(text) {
		n++
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		if err := parseLine(&s, words); err != nil {
			return spec.State{}, fmt.Errorf("line %d: %w", n, err)
		}
	}
	s.Services.Sort()
	s.Dests.Sort()
	s.Daemons.Sort()
	s.Timeouts.Sort()
	s.Sysctls.Sort()
	return s, nil
}

func parseLine(s *spec.State, words []string) error {
	if len(words) > 2 && words[1] == "=" {
		s.Sysctls = put(s.Sysctls, spec.SysctlKey(words[0]), spec.Setting(strings.Join(words[2:], " ")))
		return nil
	}
	if parse := vrrpLines[words[0]]; parse != nil {
		return parse(&s.VRRP, words[1:])
	}
	o, err := parseOptions(words)
	if err != nil {
		return err
	}
	switch words[0] {
	case "-A":
		s.Services = put(s.Services, o.service(), o.serviceValue())
	case "-a":
		s.Dests = put(s.Dests, spec.DestKey{Service: o.service(), Addr: o.addrPort("-r")}, o.dest())
	case "--start-daemon":
		s.Daemons = put(s.Daemons, o.role(words[0]), o.daemon())
	case "--set":
		o.words["seconds"] = words[len(words)-1]
		s.Timeouts = put(s.Timeouts, spec.TimeoutKey(o.words[words[0]]), spec.Seconds(o.number("seconds", 32)))
	default:
		return fmt.Errorf("%q: want -A, -a, --start-daemon, --set or NAME = VALUE", words[0])
	}
	return o.err
}

func put[K spec.RowKey[K], V spec.RowValue](rows spec.Rows[K, V], k K, v V) spec.Rows[K, V] {
	return append(rows, spec.Row[K, V]{Key: k, Value: v})
}

// options are the words after each option; the first mistake is kept.
type options struct {
	words map[string]string
	err   error
}

func parseOptions(words []string) (*options, error) {
	o := &options{words: map[string]string{}}
	alone := []string{"-A", "-a", "-6", "-g", "-i", "-m", "-l"}
	for i := 0; i < len(words); i++ {
		switch {
		case slices.Contains(alone, words[i]):
			o.words[words[i]] = words[i]
		case words[i] == "--set" && i+2 < len(words):
			o.words[words[i]] = words[i+1]
			return o, nil
		case strings.HasPrefix(words[i], "-") && i+1 < len(words):
			o.words[words[i]] = words[i+1]
			i++
		default:
			return nil, fmt.Errorf("%q: want an option with its value", words[i])
		}
	}
	return o, nil
}

func (o *options) fail(err error) {
	if o.err == nil {
		o.err = err
	}
}

func (o *options) number(option string, bits int) uint64 {
	text, ok := o.words[option]
	if !ok {
		return 0
	}
	n, err := strconv.ParseUint(text, 10, bits)
	if err != nil {
		o.fail(fmt.Errorf("%s: %w", option, err))
	}
	return n
}

func (o *options) addrPort(option string) netip.AddrPort {
	a, err := netip.ParseAddrPort(o.words[option])
	if err != nil {
		o.fail(fmt.Errorf("%s: %w", option, err))
	}
	return a
}

func (o *options) service() spec.ServiceKey {
	for proto, option := range protoOptions {
		if _, ok := o.words[option]; ok {
			return spec.AddrService(proto, o.addrPort(option))
		}
	}
	if o.words["-f"] == "" {
		o.fail(fmt.Errorf("want -t, -u, --sctp-service or -f"))
	}
	family := spec.IPv4
	if o.words["-6"] != "" {
		family = spec.IPv6
	}
	return spec.MarkService(uint32(o.number("-f", 32)), family)
}

func (o *options) serviceValue() spec.Service {
	return spec.Service{
		Scheduler: o.words["-s"], Flags: spec.ServiceFlags(o.number("-b", 32)), Persistence: uint32(o.number("-p", 32)),
		Netmask: uint8(o.number("-M", 8)), Engine: o.words["--pe"],
	}
}

func (o *options) dest() spec.Dest {
	d := spec.Dest{Weight: int32(o.number("-w", 31)), Upper: uint32(o.number("-x", 32)), Lower: uint32(o.number("-y", 32))}
	for f, option := range forwardOptions {
		if o.words[option] != "" {
			d.Forward = f
		}
	}
	if t, ok := o.words["--tun-type"]; ok {
		o.text(&d.Tunnel.Type, t)
		o.text(&d.Tunnel.Checksum, o.words["--tun-sum"])
		d.Tunnel.Port = uint16(o.number("--tun-port", 16))
	}
	return d
}

func (o *options) role(option string) (r spec.Role) {
	o.text(&r, o.words[option])
	return r
}

func (o *options) daemon() spec.Daemon {
	d := spec.Daemon{
		SyncID: uint8(o.number("--syncid", 8)), Interface: o.words["--mcast-interface"], Port: uint16(o.number("--mcast-port", 16)),
		TTL: uint8(o.number("--mcast-ttl", 8)), MaxLen: uint16(o.number("--sync-maxlen", 16)),
	}
	if g, ok := o.words["--mcast-group"]; ok {
		o.text(&d.Group, g)
	}
	return d
}

func (o *options) text(to interface{ UnmarshalText([]byte) error }, s string) {
	if err := to.UnmarshalText([]byte(s)); err != nil {
		o.fail(err)
	}
}
