package engine

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"time"

	"github.com/lbsync/lbsync/runtime/vrrp"
	"github.com/lbsync/lbsync/spec"
)

// nameMax bounds names, which have a fixed place in the page.
const nameMax = 64

// check says what is wrong with a wanted state, of which then nothing is taken. What only the host decides, such as an interface that
// is missing, is no error: the instance is in Fault until it is there.
func check(v spec.VRRP, secrets map[string]string) error {
	if err := errors.Join(ordered(v.Instances), ordered(v.Peers), ordered(v.Addresses), ordered(v.Routes), ordered(v.Rules), ordered(v.Trackers), ordered(v.Follow)); err != nil {
		return err
	}
	if len(v.Instances) > slotsMax {
		return fmt.Errorf("%d instances: an engine runs at most %d", len(v.Instances), slotsMax)
	}
	var errs []error
	routers := map[router]spec.InstanceKey{}
	for _, row := range v.Instances {
		if err := checkInstance(v, row, secrets); err != nil {
			errs = append(errs, fmt.Errorf("%s %s: %w", spec.KindInstance, row.Key, err))
		}
		r := routerOf(row.Value)
		if other, ok := routers[r]; ok {
			errs = append(errs, fmt.Errorf("%s %s: %s has virtual router id %d of %s on %s already: give one of them another", spec.KindInstance, row.Key, other, r.id, r.family, r.iface))
		}
		routers[r] = row.Key
	}
	return errors.Join(append(errs, checkRest(v)...)...)
}

// router is what a virtual router is known by on a director (RFC 9568, section 1: one per interface, id and family).
type router struct {
	iface  string
	id     uint8
	family spec.Family
}

func routerOf(i spec.Instance) router { return router{i.Interface, i.RouterID, i.Family} }

// ordered says whether rows are sorted and each key is there once, which finding and comparing rely on.
func ordered[K spec.RowKey[K], V spec.RowValue](rows spec.Rows[K, V]) error {
	for i := 1; i < len(rows); i++ {
		if rows[i-1].Key.Compare(rows[i].Key) >= 0 {
			return fmt.Errorf("%s %s: rows are out of order or twice there, behind %s", rows[i].Key.Kind(), rows[i].Key, rows[i-1].Key)
		}
	}
	return nil
}

func checkInstance(v spec.VRRP, row spec.Row[spec.InstanceKey, spec.Instance], secrets map[string]string) error {
	i := row.Value
	switch {
	case row.Key == "" || len(row.Key) > nameMax || len(i.SyncGroup) > nameMax:
		return fmt.Errorf("name of instance or sync group: 1 to %d bytes are possible", nameMax)
	case i.Interface == "" || len(i.Interface) > 15:
		return fmt.Errorf("interface %q: 1 to 15 bytes are possible", i.Interface)
	case i.Family != spec.IPv4 && i.Family != spec.IPv6:
		return fmt.Errorf("family %d: only ipv4 and ipv6 exist", i.Family)
	case i.Priority == 0:
		return errors.New("priority 0: 1 to 255 are possible")
	case i.DownAdverts == 0 || i.DownAdverts > 100:
		return fmt.Errorf("down_timer_adverts %d: 1 to 100 are possible", i.DownAdverts)
	case i.Source.IsValid() && spec.FamilyOf(i.Source) != i.Family:
		return fmt.Errorf("source %s is not of family %s", i.Source, i.Family)
	case i.PseudoHeader && (i.Version != 3 || i.Family != spec.IPv4):
		return errors.New("checksum pseudo_header: only version 3 over IPv4 has the choice")
	}
	advert := advertOf(row, v)
	for _, a := range advert.Addrs {
		if spec.FamilyOf(a) != i.Family {
			return fmt.Errorf("address %s is not of family %s: give it an instance of its own, or exclude it from the advertisement", a, i.Family)
		}
	}
	return errors.Join(checkTimes(i), checkTransport(v, row), checkSecret(i, secrets), advert.Check())
}

func checkTimes(i spec.Instance) error {
	for _, d := range []time.Duration{i.PreemptDelay, i.StartupDelay, i.Announce.Delay, i.Announce.Refresh, i.Announce.Interval} {
		if d < 0 {
			return fmt.Errorf("a delay of %s: it cannot be negative", d)
		}
	}
	return nil
}

func checkTransport(v spec.VRRP, row spec.Row[spec.InstanceKey, spec.Instance]) error {
	i := row.Value
	if !i.Unicast {
		if spec.FamilyOf(i.Group) != i.Family || !i.Group.IsMulticast() {
			return fmt.Errorf("group %s is no multicast group of family %s", i.Group, i.Family)
		}
		return nil
	}
	peers := peersOf(v, row.Key)
	if len(peers) == 0 {
		return errors.New("unicast without peers: nobody would hear it")
	}
	for _, p := range peers {
		if spec.FamilyOf(p) != i.Family || p.IsMulticast() || p == i.Source {
			return fmt.Errorf("peer %s: it has to be the unicast address of another director, of family %s", p, i.Family)
		}
	}
	if i.TTLMin == 0 || i.TTLMin > i.TTLMax {
		return fmt.Errorf("TTL from %d to %d: it has to be a range within 1 to 255", i.TTLMin, i.TTLMax)
	}
	return nil
}

func checkSecret(i spec.Instance, secrets map[string]string) error {
	if i.Secret == "" {
		return nil
	}
	s, ok := secrets[i.Secret]
	switch {
	case i.Version != 2:
		return fmt.Errorf("authentication with version %d: only version 2 has it", i.Version)
	case !ok:
		return fmt.Errorf("secret %q was not given", i.Secret)
	case s == "" || len(s) > 8:
		return fmt.Errorf("secret %q has %d bytes: 1 to 8 are possible", i.Secret, len(s))
	}
	return nil
}

func checkRest(v spec.VRRP) (errs []error) {
	wrong := func(k spec.Key, format string, args ...any) {
		errs = append(errs, fmt.Errorf("%s %s: %w", k.Kind(), k, fmt.Errorf(format, args...)))
	}
	known := func(k spec.Key, i spec.InstanceKey) {
		if _, ok := v.Instances.Find(i); !ok {
			wrong(k, "there is no instance %q", string(i))
		}
	}
	for _, r := range v.Peers {
		known(r.Key, r.Key.Instance)
	}
	for _, r := range v.Addresses {
		known(r.Key, r.Key.Instance)
	}
	for _, r := range v.Routes {
		known(r.Key, r.Key.Instance)
	}
	for _, r := range v.Rules {
		known(r.Key, r.Key.Instance)
	}
	for _, r := range v.Trackers {
		known(r.Key, r.Key.Instance)
		if r.Value.Weight < -253 || r.Value.Weight > 253 {
			wrong(r.Key, "weight %d: -253 to 253 are possible", r.Value.Weight)
		}
	}
	for n, r := range v.Follow {
		known(r.Key, spec.InstanceKey(r.Key))
		if n > 0 {
			wrong(r.Key, "%s is followed already, and a kernel has one pair of sync daemons", v.Follow[0].Key)
		}
	}
	return append(errs, checkAddresses(v)...)
}

func checkAddresses(v spec.VRRP) (errs []error) {
	type place struct {
		device string
		addr   netip.Addr
	}
	holders := map[place]spec.InstanceKey{}
	for _, r := range v.Addresses {
		at := place{r.Value.Device, r.Key.Prefix.Addr()}
		other, twice := holders[at]
		holders[at] = r.Key.Instance
		var err error
		switch {
		case twice:
			err = fmt.Errorf("%s holds it on %s already", other, at.device)
		case at.device == "" || len(at.device) > 15 || len(r.Value.Label) > 15:
			err = fmt.Errorf("device %q, label %q: names of interfaces have 1 to 15 bytes", at.device, r.Value.Label)
		case !slices.Contains([]string{"global", "site", "link", "host"}, r.Value.Scope):
			err = fmt.Errorf("scope %q: global, site, link or host are possible", r.Value.Scope)
		case r.Value.Broadcast.IsValid() && (!r.Value.Broadcast.Is4() || !at.addr.Is4()):
			err = fmt.Errorf("broadcast %s: only IPv4 has it", r.Value.Broadcast)
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("%s %s: %w", r.Key.Kind(), r.Key, err))
		}
	}
	return errs
}

// advertOf is what an instance advertises as long as nothing lowers its priority.
func advertOf(row spec.Row[spec.InstanceKey, spec.Instance], v spec.VRRP) vrrp.Advert {
	i := row.Value
	a := vrrp.Advert{Version: i.Version, RouterID: i.RouterID, Priority: i.Priority, Interval: i.Interval}
	if i.PseudoHeader {
		a.Sum = vrrp.SumPseudo
	}
	for _, r := range addressesOf(v, row.Key) {
		if !r.Value.Excluded {
			a.Addrs = append(a.Addrs, r.Key.Prefix.Addr())
		}
	}
	vrrp.SortAddrs(a.Addrs)
	return a
}
