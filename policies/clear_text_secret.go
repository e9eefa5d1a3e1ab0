package policies

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/lbsync/lbsync/spec"
)

// clearTextSecret refuses what looks like a secret in a place whose text everybody can read: in git, plans, the journal. Passwords of
// instances are no such place, since the schema takes only secret("name") there. What it found is not repeated in its message.
type clearTextSecret struct{}

func (clearTextSecret) Name() string      { return "clear-text-secret" }
func (clearTextSecret) Level() spec.Level { return spec.Overridable }
func (clearTextSecret) Meaning() string {
	return "Targets and arguments of notify, and headers and commands of health checks, have no password or token in them: git, plans and the journal show their text to everybody."
}

func (clearTextSecret) Check(in *Input) []Finding {
	var out []Finding
	for i := range in.Fleet.Clusters {
		c := &in.Fleet.Clusters[i]
		for _, inst := range c.Instances {
			out = append(out, secretNotify(inst.Place, inst.Def.Notify, fmt.Sprintf("vrrp_instance %q", inst.Def.Name))...)
		}
		for _, g := range c.SyncGroups {
			out = append(out, secretNotify(c.Place, g.Notify, fmt.Sprintf("vrrp_sync_group %q", g.Name))...)
		}
		for _, vs := range c.VirtualServers {
			out = append(out, secretCheck(vs, vs.Def.HealthChecks)...)
			for n := range vs.Def.RealServers {
				if of := secretCheck(vs, vs.Def.RealServers[n].HealthChecks); len(of) > 0 {
					out = append(out, of...)
					break // the others mostly have the same
				}
			}
		}
	}
	return out
}

func secretNotify(place spec.Place, all []spec.Notify, of string) []Finding {
	var out []Finding
	for _, n := range all {
		what := secretArgument(n.Args)
		if n.Kind == "webhook" {
			what = secretURL(n.Target)
		}
		if what != "" {
			out = append(out, found(place.Pos(n.At), fmt.Sprintf("notify %q of %s has %s", n.Kind, of, what),
				"Whoever reads the repository, a plan or the journal has it. Take it back where it was issued, keep the new one in a file on the directors that only root reads, and write notify \"exec\" with a program that reads it there."))
		}
	}
	return out
}

func secretCheck(vs spec.Placed[spec.VirtualServer], all []spec.HealthCheck) []Finding {
	var out []Finding
	for _, h := range all {
		for _, what := range append(secretHeaders(h.Setting("headers")), secretArgument(h.Setting("command"))) {
			if what != "" {
				out = append(out, found(vs.Place.Pos(h.At), fmt.Sprintf("health_check %q of virtual_server %q has %s", h.Kind, vs.Def.Name, what),
					"Whoever reads the repository, a plan or the journal has it. Take it back where it was issued; let the real servers answer the check without it, or write health_check \"exec\" with a program that reads the new one from a file on the directors."))
			}
		}
	}
	return out
}

// secretWords are what secrets are called in URLs and arguments.
var secretWords = []string{"password", "passwd", "pwd", "secret", "token", "api_key", "apikey", "api-key", "access_key", "auth", "signature", "sig"}

// secretHosts are services whose URLs are secrets by themselves: who knows one may post.
var secretHosts = []string{"hooks.slack.com", "discord.com", "discordapp.com", "webhook.office.com", "events.pagerduty.com"}

// secretURL says what a URL gives away.
func secretURL(target string) string {
	u, err := url.Parse(target)
	if err != nil {
		return ""
	}
	if _, given := u.User.Password(); given {
		return "a password in its URL"
	}
	query := u.Query()
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if secretWord(name) && slices.ContainsFunc(query[name], func(v string) bool { return v != "" }) {
			return fmt.Sprintf("the value of %q in its URL", name)
		}
	}
	for _, host := range secretHosts {
		if h := u.Hostname(); (h == host || strings.HasSuffix(h, "."+host)) && strings.Trim(u.Path, "/") != "" {
			return "a URL of " + host + ", with which anybody can post"
		}
	}
	return ""
}

// secretArgument says which of a program's arguments gives something away: --token=x, or --token and then x.
func secretArgument(args []string) string {
	for i, a := range args {
		name, value, written := strings.Cut(a, "=")
		option := strings.TrimLeft(name, "-")
		if !secretWord(option) || strings.ContainsAny(option, "/") {
			continue
		}
		if written && value != "" || !written && option != name && i+1 < len(args) && !strings.HasPrefix(args[i+1], "-") {
			return fmt.Sprintf("the value of %q in its arguments", name)
		}
	}
	return ""
}

// secretHeaders say which headers, "Name: value" each, give something away.
func secretHeaders(headers []string) []string {
	var out []string
	for _, h := range headers {
		name, value, _ := strings.Cut(h, ":")
		switch low := strings.ToLower(strings.TrimSpace(name)); {
		case strings.TrimSpace(value) == "":
		case low == "authorization", low == "cookie", strings.HasPrefix(low, "x-") && secretWord(low[2:]):
			out = append(out, fmt.Sprintf("a header %q", strings.TrimSpace(name)))
		}
	}
	return out
}

func secretWord(name string) bool {
	low := strings.ToLower(name)
	return slices.ContainsFunc(secretWords, func(w string) bool {
		return low == w || strings.HasSuffix(low, "_"+w) || strings.HasSuffix(low, "-"+w)
	})
}
