package kerneltest

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/lbsync/lbsync/spec"
)

// String is the services and real servers as "ipvsadm -Sn" prints them, sorted, and the sync daemons as "ipvsadm --start-daemon"
// would start them.
func (k *Kernel) String() string {
	k.mu.Lock()
	defer k.mu.Unlock()
	return Print(k.state())
}

// Print is a state as "ipvsadm -Sn" prints it, in the order of the state.
func Print(st spec.State) string {
	var b strings.Builder
	for _, s := range st.Services {
		fmt.Fprintf(&b, "-A %s\n", serviceLine(s.Key, s.Value))
		for _, d := range st.DestsOf(s.Key) {
			fmt.Fprintf(&b, "-a %s %s\n", serviceWords(s.Key), destLine(d.Key, d.Value))
		}
	}
	for _, d := range st.Daemons {
		v := d.Value
		fmt.Fprintf(&b, "--start-daemon %s --mcast-interface %s --syncid %d --sync-maxlen %d --mcast-group %s --mcast-port %d --mcast-ttl %d\n",
			d.Key, v.Interface, v.SyncID, v.MaxLen, v.Group, v.Port, v.TTL)
	}
	return b.String()
}

func serviceWords(k spec.ServiceKey) string {
	if k.FWMark != 0 {
		words := "-f " + strconv.FormatUint(uint64(k.FWMark), 10)
		if k.Family == spec.IPv6 {
			words += " -6"
		}
		return words
	}
	option := map[spec.Proto]string{spec.TCP: "-t", spec.UDP: "-u", spec.SCTP: "--sctp-service"}[k.Proto]
	return option + " " + k.Addr.String()
}

func serviceLine(k spec.ServiceKey, s spec.Service) string {
	line := serviceWords(k) + " -s " + s.Scheduler
	if s.Persistence != 0 {
		line += " -p " + strconv.FormatUint(uint64(s.Persistence), 10) + netmask(k.Family, s.Netmask)
	}
	if s.Engine != "" {
		line += " --pe " + s.Engine
	}
	if s.Flags&spec.OnePacket != 0 {
		line += " -o"
	}
	if rest := (s.Flags &^ spec.OnePacket).Names(s.Scheduler); len(rest) > 0 {
		line += " -b " + strings.Join(rest, ",")
	}
	return line
}

// netmask is the option for a persistence granularity other than a single client.
func netmask(f spec.Family, prefix uint8) string {
	switch {
	case f == spec.IPv6 && prefix != 128:
		return " -M " + strconv.Itoa(int(prefix))
	case f == spec.IPv4 && prefix != 32:
		m := ^uint32(0) << (32 - min(prefix, 32))
		return fmt.Sprintf(" -M %d.%d.%d.%d", m>>24, m>>16&255, m>>8&255, m&255)
	}
	return ""
}

func destLine(k spec.DestKey, d spec.Dest) string {
	option := map[spec.Forward]string{spec.NAT: "-m", spec.Local: "-l", spec.Tun: "-i", spec.DR: "-g"}[d.Forward]
	line := fmt.Sprintf("-r %s %s -w %d", k.Addr, option, d.Weight)
	if d.Upper != 0 {
		line += fmt.Sprintf(" -x %d", d.Upper)
	}
	if d.Lower != 0 {
		line += fmt.Sprintf(" -y %d", d.Lower)
	}
	if d.Forward == spec.Tun {
		line += " --tun-type " + d.Tunnel.Type.String()
	}
	if d.Tunnel.Port != 0 {
		line += fmt.Sprintf(" --tun-port %d", d.Tunnel.Port)
	}
	if d.Tunnel.Type != spec.IPIP {
		line += map[spec.TunnelSum]string{spec.NoSum: " --tun-nocsum", spec.Sum: " --tun-csum", spec.RemoteSum: " --tun-remcsum"}[d.Tunnel.Checksum]
	}
	return line
}
