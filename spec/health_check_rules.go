package spec

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/lbsync/lbsync/spec/internal/schema"
)

// neededSettings are those without which a kind has nothing to do.
var neededSettings = map[string]string{"exec": "command", "file": "path", "dns": "name"}

func checkHealthCheck(d *schema.Decoder, in *schema.Instance, h *HealthCheck) {
	for i, s := range h.Settings {
		if i > 0 && h.Settings[i-1].Name == s.Name {
			continue // the next element of a list
		}
		if !slices.Contains(settingKinds[s.Name], h.Kind) {
			d.Error(in.At(s.Name), s.Name+" not possible", fmt.Sprintf("health_check %q has no %s; it belongs to %s.", h.Kind, s.Name, strings.Join(settingKinds[s.Name], ", ")))
			return // what else its values say matters no more
		}
	}
	if need := neededSettings[h.Kind]; need != "" && len(h.Setting(need)) == 0 {
		d.Error(in.Header, "Missing "+need, fmt.Sprintf("health_check %q needs %s: write it.", h.Kind, need))
	}
	h.checkTimes(d, in)
	for _, s := range h.Settings {
		if wrong := settingRules[s.Name]; wrong != nil {
			if said := wrong(h, s.Value); said != "" {
				d.Error(in.At(s.Name), "Wrong "+s.Name, said)
			}
		}
	}
	h.checkLists(d, in)
	h.checkTogether(d, in)
}

// checkTimes: one probe ends before the next of its check begins. Programs may take their time, and the next waits for them.
func (h *HealthCheck) checkTimes(d *schema.Decoder, in *schema.Instance) {
	if h.Kind == "exec" {
		return
	}
	if h.Timeout > h.Interval {
		d.Error(in.At("timeout"), "timeout above interval", fmt.Sprintf("A check that may take %s cannot run every %s: write a shorter timeout or a longer interval.", schema.Written(h.Timeout), schema.Written(h.Interval)))
		return
	}
	for _, other := range []struct {
		name string
		is   time.Duration
	}{{"fast_interval", h.FastInterval}, {"down_interval", h.DownInterval}} {
		if other.is > 0 && h.Timeout > other.is {
			d.Error(in.At(other.name), "timeout above "+other.name, fmt.Sprintf("A check that may take %s cannot run every %s: write a timeout of %s or less, or a longer %s.", schema.Written(h.Timeout), schema.Written(other.is), schema.Written(other.is), other.name))
		}
	}
}

// checkLists refuses elements that say nothing.
func (h *HealthCheck) checkLists(d *schema.Decoder, in *schema.Instance) {
	codes := h.Setting("status")
	if in.Has("status") && len(codes) == 0 {
		d.Error(in.At("status"), "Empty status", "No answer would be a success: write the codes that are, or leave status out.")
	}
	for i, code := range codes {
		if slices.Contains(codes[:i], code) {
			d.Error(in.At("status"), "Code listed twice", code+" stands twice in status: remove one.")
		}
	}
	seen := map[string]bool{}
	for _, line := range h.Setting("headers") {
		name, _, _ := strings.Cut(strings.ToLower(line), ":")
		if seen[name] {
			d.Error(in.At("headers"), "Header written twice", fmt.Sprintf("Names of headers differ by more than case, and %q stands twice: remove one.", name))
		}
		seen[name] = true
	}
}

// checkTogether judges what several settings say together.
func (h *HealthCheck) checkTogether(d *schema.Decoder, in *schema.Instance) {
	has := func(name string) bool { return len(h.Setting(name)) > 0 }
	secure := h.Kind == "https" || slices.Contains(h.Setting("tls"), "true")
	for _, name := range []string{"sni", "ca_file", "insecure", "cert_file", "key_file"} {
		if has(name) && !secure {
			d.Error(in.At(name), name+" without tls", "This check speaks no TLS: write tls = true, or remove "+name+".")
			return
		}
	}
	switch {
	case has("cert_file") != has("key_file"):
		d.Error(in.Header, "Half a client certificate", "A certificate is shown with its key: write both cert_file and key_file, or neither.")
	case has("ca_file") && slices.Contains(h.Setting("insecure"), "true"):
		d.Error(in.At("insecure"), "insecure beside ca_file", "With insecure = true no certificate is verified, and ca_file does nothing: remove one of the two.")
	case has("body") && slices.Contains(h.Setting("method"), "HEAD"):
		d.Error(in.At("body"), "body with HEAD", "The answer to HEAD has no body (RFC 9110, section 9.3.2): write method = \"GET\", or remove body.")
	}
	if h.realPath() && has("address") {
		d.Error(in.At("address"), "address with real_path", "Along the real path a check goes to the virtual address: remove address, or real_path.")
	}
	if from, to := h.Setting("bind"), h.Setting("address"); len(from) > 0 && len(to) > 0 {
		h.checkBind(d, in, netip.MustParseAddr(to[0]))
	}
}

func (h *HealthCheck) checkBind(d *schema.Decoder, in *schema.Instance, to netip.Addr) bool {
	from := netip.MustParseAddr(h.Setting("bind")[0])
	if FamilyOf(from) == FamilyOf(to) {
		return true
	}
	d.Error(in.At("bind"), "bind of another family", fmt.Sprintf("%s cannot be the source address of packets to %s: write one of the same family, or remove bind.", from, to))
	return false
}

// placedCheck is a check while its block is read, with where to point when it does not suit a real server.
type placedCheck struct {
	*HealthCheck
	in *schema.Instance
}

// checkAt judges the check as one of a real server; ported says that it is reached at a port. It is false when something is wrong.
func (p placedCheck) checkAt(d *schema.Decoder, r *RealServer, ported bool) bool {
	if !ported && slices.Contains(portKinds, p.Kind) && len(p.Setting("port")) == 0 {
		d.Error(p.in.Header, "Check without a port", fmt.Sprintf("Neither the service nor real_server %q has a port of its own, so health_check %q does not know where to go: write port here.", r.Addr.Addr(), p.Kind))
		return false
	}
	if len(p.Setting("bind")) > 0 && len(p.Setting("address")) == 0 {
		return p.checkBind(d, p.in, r.Addr.Addr())
	}
	return true
}

// checkChecks judges the checks of the real servers, those of the virtual server once.
func (s *serverDraft) checkChecks(d *schema.Decoder) {
	ported := s.FWMark == 0 && !slices.Contains(s.Ports, 0)
	common := s.checks
	for i := range s.reals {
		r := &s.reals[i]
		ported := ported || r.Addr.Port() != 0
		suits := func(p placedCheck) bool {
			if p.realPath() {
				return s.checkPath(d, p, &r.RealServer)
			}
			return p.checkAt(d, &r.RealServer, ported)
		}
		for _, p := range r.checks {
			suits(p)
		}
		if len(r.checks) == 0 {
			common = slices.DeleteFunc(slices.Clone(common), func(p placedCheck) bool { return !suits(p) })
		}
	}
}
