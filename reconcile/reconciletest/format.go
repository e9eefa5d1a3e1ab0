package reconciletest

import (
	"fmt"
	"strings"

	"github.com/lbsync/lbsync/spec"
)

// Format prints a state as `ipvsadm -Sn` would, one object a line, with the options of ipvsadm where it has them. Parse reads it.
func Format(s spec.State) string {
	var b strings.Builder
	for _, r := range s.Services {
		fmt.Fprintf(&b, "-A %s%s\n", service(r.Key), serviceOptions(r.Value))
		for _, d := range s.DestsOf(r.Key) {
			fmt.Fprintf(&b, "-a %s -r %s%s\n", service(r.Key), d.Key.Addr, destOptions(d.Value))
		}
	}
	for _, r := range s.Daemons {
		fmt.Fprintf(&b, "--start-daemon %s%s\n", r.Key, daemonOptions(r.Value))
	}
	for _, r := range s.Timeouts {
		fmt.Fprintf(&b, "--set %s %d\n", r.Key, r.Value)
	}
	for _, r := range s.Sysctls {
		fmt.Fprintf(&b, "%s = %s\n", r.Key, r.Value)
	}
	formatVRRP(&b, &s.VRRP)
	return b.String()
}

var protoOptions = map[spec.Proto]string{spec.TCP: "-t", spec.UDP: "-u", spec.SCTP: "--sctp-service"}

func service(k spec.ServiceKey) string {
	if k.FWMark == 0 {
		return protoOptions[k.Proto] + " " + k.Addr.String()
	}
	out := fmt.Sprintf("-f %d", k.FWMark)
	if k.Family == spec.IPv6 {
		out += " -6"
	}
	return out
}

func serviceOptions(v spec.Service) string {
	return " -s " + v.Scheduler + number("-b", v.Flags) + number("-p", v.Persistence) + number("-M", v.Netmask) + word("--pe", v.Engine)
}

var forwardOptions = map[spec.Forward]string{spec.DR: "-g", spec.Tun: "-i", spec.NAT: "-m", spec.Local: "-l"}

func destOptions(v spec.Dest) string {
	out := fmt.Sprintf(" %s -w %d", forwardOptions[v.Forward], v.Weight) + number("-x", v.Upper) + number("-y", v.Lower)
	if v.Tunnel != (spec.Tunnel{}) {
		out += word("--tun-type", v.Tunnel.Type.String()) + number("--tun-port", v.Tunnel.Port) + word("--tun-sum", v.Tunnel.Checksum.String())
	}
	return out
}

func daemonOptions(v spec.Daemon) string {
	out := word("--mcast-interface", v.Interface) + number("--syncid", v.SyncID)
	if v.Group.IsValid() {
		out += word("--mcast-group", v.Group.String())
	}
	return out + number("--mcast-port", v.Port) + number("--mcast-ttl", v.TTL) + number("--sync-maxlen", v.MaxLen)
}

func number[T ~uint8 | ~uint16 | ~uint32](option string, n T) string {
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" %s %d", option, n)
}

func word(option, s string) string {
	if s == "" {
		return ""
	}
	return " " + option + " " + s
}
