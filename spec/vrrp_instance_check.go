package spec

import (
	"fmt"
	"net/netip"
	"time"

	"github.com/lbsync/lbsync/spec/internal/schema"
)

// The multicast groups of VRRP (RFC 9568, sections 5.1.1.2 and 5.1.2.2).
var (
	vrrpGroup4 = netip.AddrFrom4([4]byte{224, 0, 0, 18})
	vrrpGroup6 = netip.MustParseAddr("ff02::12")
)

// maxDown is the most time for which a dead master may go unnoticed: a little more than three advertisements of the longest interval
// that version 2 has.
const maxDown = 15 * time.Minute

// checkInstance judges what several attributes say together.
func checkInstance(d *schema.Decoder, in *schema.Instance, i *VRRPInstance) {
	i.At = Mark(d.Mark(in.Header))
	if i.Announce == (Announce{}) {
		i.Announce = defaultAnnounce
	}
	i.checkAddresses(d, in)
	i.checkInterval(d, in)
	i.checkTransport(d, in)
	if i.AuthSecret != "" && i.Version != 2 {
		d.Error(in.Header, "Authentication needs version 2", "Version 3 has no password (RFC 9568, section 9): remove the authentication block, or write version = 2.")
	}
	if i.PseudoHeaderChecksum && (i.Version != 3 || i.Family != IPv4) {
		d.Error(in.At("checksum"), "checksum not possible", "Only version 3 over IPv4 has two ways to compute the checksum: remove it.")
	}
	if !i.Preempt && i.PreemptDelay > 0 {
		d.Error(in.At("preempt_delay"), "preempt_delay without preempt", "With preempt = false nothing is preempted: remove one of the two.")
	}
	i.checkParts(d, in)
}

// checkParts finds what is there twice.
func (i *VRRPInstance) checkParts(d *schema.Decoder, in *schema.Instance) {
	seen := map[Key]bool{}
	once := func(k Key, block, name string) {
		if seen[k] {
			d.Error(in.Header, fmt.Sprintf("Second %s %q", block, name), fmt.Sprintf("The instance has %s %q twice: remove one, or give it another name.", block, name))
		}
		seen[k] = true
	}
	for _, r := range i.Rules {
		once(RuleKey{Name: r.Name}, "virtual_rule", r.Name)
	}
	for _, t := range i.Track {
		once(TrackerKey{Watch: Watch(t.Kind), Name: t.Name}, "track_"+t.Kind, t.Name)
	}
	for _, r := range i.Routes {
		k := RouteKey{To: r.To, Table: r.Table, Metric: r.Metric}
		if seen[k] {
			d.Error(in.Header, fmt.Sprintf("Second virtual_route %q", r.To), fmt.Sprintf("The instance has two routes to %s in table %d with metric %d: remove one, or write another metric.", r.To, r.Table, r.Metric))
		}
		seen[k] = true
	}
}

func (i *VRRPInstance) checkAddresses(d *schema.Decoder, in *schema.Instance) {
	seen := map[netip.Addr]bool{}
	advertised, linkLocal := 0, false
	for _, a := range i.Addresses {
		addr := a.Prefix.Addr()
		if seen[addr] {
			d.Error(in.Header, "Second virtual_address "+addr.String(), fmt.Sprintf("The instance holds %s twice: remove one.", addr))
		}
		seen[addr] = true
		if a.Excluded {
			continue
		}
		advertised++
		linkLocal = linkLocal || addr.IsLinkLocalUnicast()
		switch f := FamilyOf(addr); i.Family {
		case 0:
			i.Family = f
		case f:
		default:
			d.Error(in.Header, "Mixed address families", fmt.Sprintf("An instance advertises addresses of one family, and %s is of the other: give it an instance of its own, or write excluded = true.", addr))
			return
		}
	}
	switch most := MaxAdvertised(i.Family); {
	case advertised > most:
		d.Error(in.Header, "Too many virtual addresses", fmt.Sprintf("The instance advertises %d addresses, and a packet has room for %d: write excluded = true for those that need not be advertised, or make a second instance.", advertised, most))
	case !in.Whole:
	case i.Family == 0:
		d.Error(in.Header, "Missing virtual_address", `An instance advertises one address at least: write virtual_address "192.0.2.100/32" {}.`)
	case i.Family == IPv6 && i.Version == 3 && !linkLocal:
		d.Error(in.Header, "Missing link-local address", fmt.Sprintf("An IPv6 instance advertises a link-local address first (RFC 9568, section 5.2.9), and without it other routers drop what it sends: write virtual_address \"fe80::%x/64\" {} too.", i.VirtualRouterID))
	}
}

func (i *VRRPInstance) checkInterval(d *schema.Decoder, in *schema.Instance) {
	switch {
	case i.Family == IPv6 && i.Version == 2:
		d.Error(in.At("version"), "IPv6 needs version 3", "Version 2 knows only IPv4: write version = 3.")
	case i.Version == 2 && i.AdvertInterval%time.Second != 0:
		d.Error(in.At("advert_interval"), "advert_interval too fine", "Version 2 counts whole seconds: write \"1s\" or more, or version = 3.")
	case i.Version == 3 && i.AdvertInterval > 40950*time.Millisecond:
		d.Error(in.At("advert_interval"), "advert_interval out of range", "Version 3 has 12 bits of hundredths of a second: write at most \"40.95s\".")
	}
	if down := time.Duration(i.DownTimerAdverts) * i.AdvertInterval; down > maxDown {
		d.Error(in.Header, "Failover too late", fmt.Sprintf("With advert_interval %s and down_timer_adverts %d a dead master is noticed after %s: lower one of them until it is %s at most.", i.AdvertInterval, i.DownTimerAdverts, down, maxDown))
	}
}

func (i *VRRPInstance) checkTransport(d *schema.Decoder, in *schema.Instance) {
	switch {
	case i.Unicast && i.VMAC:
		d.Error(in.At("use_vmac"), "use_vmac with unicast", "The interface of the virtual MAC has no address of its own, so that it cannot ask for a peer's MAC: remove use_vmac, or write unicast = false.")
	case i.Unicast && i.Group.IsValid():
		d.Error(in.At("group"), "group with unicast", "Unicast advertisements go to the other directors: remove group, or write unicast = false.")
	case i.Group.IsValid() && FamilyOf(i.Group) != i.Family:
		d.Error(in.At("group"), "Mixed address families", fmt.Sprintf("The instance is %s and its group is not: write a group of the same family.", i.Family))
	case !i.Unicast && (in.Has("ttl_min") || in.Has("ttl_max")):
		d.Error(in.Header, "TTL range without unicast", "Multicast advertisements have TTL 255 (RFC 9568, section 5.1.1.3): remove ttl_min and ttl_max.")
	case i.TTLMin > i.TTLMax:
		d.Error(in.At("ttl_min"), "ttl_min above ttl_max", "The range is empty: write ttl_min no greater than ttl_max.")
	}
	if !i.Unicast && !i.Group.IsValid() {
		i.Group = map[Family]netip.Addr{IPv4: vrrpGroup4, IPv6: vrrpGroup6}[i.Family]
	}
	for _, a := range sources(i.Source) {
		if FamilyOf(a) != i.Family && i.Family != 0 {
			d.Error(in.At("source"), "Mixed address families", fmt.Sprintf("The instance is %s and the source %s is not: write an address of the same family.", i.Family, a))
		}
	}
}

func sources(p PerDirector[netip.Addr]) []netip.Addr {
	var out []netip.Addr
	if p.All != nil {
		out = append(out, *p.All)
	}
	for _, a := range p.By {
		out = append(out, a)
	}
	return out
}
