package spec

import (
	"cmp"
	"net/netip"
	"net/url"
	"strconv"
	"time"
)

// Check is one probe that is run again and again. It is its own identity: real servers with the same check share one that runs once.
type Check struct {
	Kind     string         `json:"kind"`             // label of health_check
	Addr     netip.AddrPort `json:"address,omitzero"` // that is probed; without a port for ping, the zero value for exec and file where no address is declared
	Settings CheckSettings  `json:"settings,omitempty"`
	Path     CheckPath      `json:"path,omitzero"`

	// As in HealthCheck, with what is not written filled in.
	Interval     time.Duration `json:"interval"`
	Timeout      time.Duration `json:"timeout"`
	FastInterval time.Duration `json:"fast_interval"`
	DownInterval time.Duration `json:"down_interval"`
	Jitter       time.Duration `json:"jitter"`
	Rise         uint32        `json:"rise"`
	Fall         uint32        `json:"fall"`
}

// CheckSettings are what only one kind has: attributes of health_check, encoded so that equal settings are equal texts.
type CheckSettings string

// Values are the settings by attribute name; a list has one value for each element, headers one "Name: value" each.
func (s CheckSettings) Values() url.Values {
	v, _ := url.ParseQuery(string(s)) // which settingsOf wrote
	return v
}

// Compare orders checks by address, way, kind and settings, and what is the same in these by its times and counts.
func (c Check) Compare(d Check) int {
	return cmp.Or(c.Addr.Compare(d.Addr), c.Path.RealServer.Compare(d.Path.RealServer), cmp.Compare(c.Path.Mark, d.Path.Mark), cmp.Compare(c.Kind, d.Kind), cmp.Compare(c.Settings, d.Settings),
		cmp.Compare(c.Interval, d.Interval), cmp.Compare(c.Timeout, d.Timeout), cmp.Compare(c.FastInterval, d.FastInterval),
		cmp.Compare(c.DownInterval, d.DownInterval), cmp.Compare(c.Jitter, d.Jitter), cmp.Compare(c.Rise, d.Rise), cmp.Compare(c.Fall, d.Fall))
}

func settingsOf(attrs []Attr) CheckSettings {
	if len(attrs) == 0 {
		return ""
	}
	v := url.Values{}
	for _, a := range attrs {
		v.Add(a.Name, a.Value)
	}
	return CheckSettings(v.Encode())
}

// String is the kind and what is probed, for people: "http 192.0.2.21:80/health", "tcp 203.0.113.1:80 through 192.0.2.21".
func (c Check) String() string {
	v, s := c.Settings.Values(), c.Kind
	switch {
	case c.Kind == "exec":
		s += " " + v.Get("command")
	case c.Kind == "file":
		s += " "
	case c.Kind == "ping":
		s += " " + c.Addr.Addr().String()
	case c.Addr.IsValid():
		s += " " + c.Addr.String()
	}
	return s + v.Get("path") + c.Path.through()
}

// Checks are those of a real server of a service, in the order of its blocks: its own, or else those of its virtual server.
func (v *VirtualServer) Checks(r *RealServer, s ServiceKey) []Check {
	declared := v.checksOf(r)
	if len(declared) == 0 {
		return nil
	}
	out := make([]Check, 0, len(declared))
	for i := range declared {
		at, path := r.Key(s).Addr, CheckPath{}
		if declared[i].realPath() {
			at, path = s.Addr, CheckPath{v.pathMark(s, r.Addr.Addr()), r.Addr.Addr()}
		}
		c := declared[i].of(at)
		c.Path = path
		out = append(out, c)
	}
	return out
}

// of is the check of what is at an address.
func (h *HealthCheck) of(at netip.AddrPort) Check {
	c := Check{Kind: h.Kind, Addr: at, Interval: h.Interval, Timeout: h.Timeout, FastInterval: h.FastInterval, DownInterval: h.DownInterval, Jitter: h.Jitter, Rise: h.Rise, Fall: h.Fall}
	if c.FastInterval == 0 {
		c.FastInterval = c.Interval
	}
	if c.DownInterval == 0 {
		c.DownInterval = c.Interval
	}
	if c.Jitter == 0 {
		c.Jitter = c.Interval
	}
	rest := make([]Attr, 0, len(h.Settings))
	for _, a := range h.Settings {
		switch a.Name {
		case "address":
			c.Addr = netip.AddrPortFrom(netip.MustParseAddr(a.Value), c.Addr.Port())
		case "port":
			port, _ := strconv.ParseUint(a.Value, 10, 16) // which settingTexts wrote
			c.Addr = netip.AddrPortFrom(c.Addr.Addr(), uint16(port))
		case "real_path": // which the address and the path say
		default:
			rest = append(rest, a)
		}
	}
	switch h.Kind {
	case "ping":
		c.Addr = netip.AddrPortFrom(c.Addr.Addr(), 0)
	case "file":
		c.Addr = netip.AddrPort{} // the same file for all
	}
	c.Settings = settingsOf(rest)
	return c
}
