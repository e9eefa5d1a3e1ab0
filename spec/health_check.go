package spec

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lbsync/lbsync/spec/internal/schema"
)

// HealthCheck is the block `health_check "KIND"`.
type HealthCheck struct {
	Kind                       string // tcp, http, https, udp, dns, ping, smtp, grpc, exec or file
	Interval, Timeout          time.Duration
	FastInterval, DownInterval time.Duration // between checks while the verdict is forming, and while down; 0: as Interval
	Jitter                     time.Duration
	Rise, Fall                 uint32
	Settings                   []Attr // what only this kind has, by attribute name, in order; one for each element of a list
	At                         Mark
}

// Setting are the values of an attribute that only some kinds have; a list has several.
func (h *HealthCheck) Setting(name string) []string {
	var out []string
	for _, s := range h.Settings {
		if s.Name == name {
			out = append(out, s.Value)
		}
	}
	return out
}

// healthCheckKinds are the labels of health_check.
var healthCheckKinds = []string{"tcp", "http", "https", "udp", "dns", "ping", "smtp", "grpc", "exec", "file"}

var healthCheckBlock = schema.New(schema.Block[HealthCheck]{
	Name:       "health_check",
	Doc:        "How a real server is checked. Several are all to succeed.",
	Keepalived: "TCP_CHECK, HTTP_GET, SSL_GET, UDP_CHECK, DNS_CHECK, PING_CHECK, SMTP_CHECK, MISC_CHECK, FILE_CHECK",
	Label: &schema.Field[HealthCheck]{Attr: schema.Attr{Name: "KIND", Kind: schema.Word, Words: healthCheckKinds, Doc: "Kind of the check"},
		Set: func(h *HealthCheck, v schema.Value) { h.Kind, h.At = v.Str, Mark(v.At) }},
	Attrs: append([]schema.Field[HealthCheck]{
		{Attr: schema.Attr{Name: "interval", Kind: schema.Duration, Min: second / 10, Max: 86400 * second, Default: `"5s"`, Doc: "Time between checks", Keepalived: "delay_loop"},
			Set: func(h *HealthCheck, v schema.Value) { h.Interval = v.Dur }},
		{Attr: schema.Attr{Name: "timeout", Kind: schema.Duration, Min: second / 100, Max: 3600 * second, Default: `"3s"`, Doc: "Time after which a check has failed", Keepalived: "connect_timeout, misc_timeout"},
			Set: func(h *HealthCheck, v schema.Value) { h.Timeout = v.Dur }},
		{Attr: schema.Attr{Name: "fast_interval", Kind: schema.Duration, Min: second / 10, Max: 86400 * second, Doc: "Time between checks while the verdict is forming; interval if not written", Keepalived: "delay_before_retry"},
			Set: func(h *HealthCheck, v schema.Value) { h.FastInterval = v.Dur }},
		{Attr: schema.Attr{Name: "down_interval", Kind: schema.Duration, Min: second / 10, Max: 86400 * second, Doc: "Time between checks while it is down; interval if not written"},
			Set: func(h *HealthCheck, v schema.Value) { h.DownInterval = v.Dur }},
		{Attr: schema.Attr{Name: "jitter", Kind: schema.Duration, Max: 3600 * second, Doc: "Most that the first check is put off, so that not all run at once; interval if not written", Keepalived: "warmup"},
			Set: func(h *HealthCheck, v schema.Value) { h.Jitter = v.Dur }},
		{Attr: schema.Attr{Name: "rise", Kind: schema.Int, Min: 1, Max: 255, Default: "2", Doc: "Successes that make it up"},
			Set: func(h *HealthCheck, v schema.Value) { h.Rise = uint32(v.Int) }},
		{Attr: schema.Attr{Name: "fall", Kind: schema.Int, Min: 1, Max: 255, Default: "3", Doc: "Failures that make it down", Keepalived: "retry"},
			Set: func(h *HealthCheck, v schema.Value) { h.Fall = uint32(v.Int) }},
	}, checkSettings()...),
	Check: checkHealthCheck,
})

// settingKinds says which kinds of check an attribute is for.
var settingKinds = map[string][]string{
	"port": {"tcp", "http", "https", "udp", "dns", "smtp", "grpc"}, "address": {"tcp", "http", "https", "udp", "dns", "ping", "smtp", "grpc"},
	"bind": {"tcp", "http", "https", "udp", "dns", "ping", "smtp", "grpc"}, "path": {"http", "https", "file"}, "method": {"http", "https"},
	"host": {"http", "https", "smtp", "grpc"}, "sni": {"https"}, "ca_file": {"https"}, "insecure": {"https"}, "status": {"http", "https"}, "body": {"http", "https"},
	"headers": {"http", "https"}, "payload": {"udp"}, "reply": {"udp"}, "name": {"dns"}, "type": {"dns"}, "service": {"grpc"}, "command": {"exec"},
}

func checkSettings() []schema.Field[HealthCheck] {
	attrs := []schema.Attr{
		{Name: "port", Kind: schema.Int, Min: 1, Max: 65535, Doc: "Port, instead of the real server's", Keepalived: "connect_port"},
		{Name: "address", Kind: schema.Address, Doc: "Address, instead of the real server's", Keepalived: "connect_ip"},
		{Name: "bind", Kind: schema.Address, Doc: "Source address", Keepalived: "bindto"},
		{Name: "path", Doc: "Path of the request, or of the file"},
		{Name: "method", Kind: schema.Word, Words: []string{"GET", "HEAD", "POST"}, Doc: "Method of the request; GET if not written"},
		{Name: "host", Doc: "Name of the host in the request", Keepalived: "virtualhost, helo_name"},
		{Name: "sni", Doc: "Name of the server in TLS; host if not written", Keepalived: "enable_sni, sni_name"},
		{Name: "ca_file", Doc: "Certificates that are trusted; those of the system if not written"},
		{Name: "insecure", Kind: schema.Bool, Doc: "true: the certificate is not verified"},
		{Name: "status", Kind: schema.Int, Min: 100, Max: 599, List: true, Doc: "Codes that are a success; 200 to 299 if not written", Keepalived: "status_code"},
		{Name: "body", Doc: "Regular expression that the answer has to match", Keepalived: "regex"},
		{Name: "headers", Map: true, Doc: "Headers of the request"},
		{Name: "payload", Doc: "What is sent"},
		{Name: "reply", Doc: "Regular expression that the reply has to match", Keepalived: "require_reply"},
		{Name: "name", Doc: "Name that is asked for"},
		{Name: "type", Kind: schema.Word, Words: []string{"A", "AAAA", "CNAME", "MX", "NS", "SOA", "TXT"}, Doc: "Type that is asked for; SOA if not written"},
		{Name: "service", Doc: "Name of the service that is asked for"},
		{Name: "command", List: true, Doc: "Program and arguments", Keepalived: "misc_path"},
	}
	fields := make([]schema.Field[HealthCheck], len(attrs))
	for i, a := range attrs {
		a.Doc += " (" + strings.Join(settingKinds[a.Name], ", ") + ")"
		fields[i] = schema.Field[HealthCheck]{Attr: a, Set: func(h *HealthCheck, v schema.Value) {
			for _, text := range settingTexts(a, v) {
				h.Settings = append(h.Settings, Attr{Name: a.Name, Value: text})
			}
		}}
	}
	return fields
}

// settingTexts is a setting in words, one for each element of a list or map.
func settingTexts(a schema.Attr, v schema.Value) []string {
	switch {
	case a.List:
		var words []string
		a.List = false
		for _, e := range v.List {
			words = append(words, settingTexts(a, e)...)
		}
		return words
	case a.Map:
		var words []string
		for k, e := range v.By {
			words = append(words, k+": "+e.Str)
		}
		slices.Sort(words)
		return words
	case a.Kind == schema.Int:
		return []string{strconv.FormatInt(v.Int, 10)}
	case a.Kind == schema.Bool:
		return []string{strconv.FormatBool(v.Bool)}
	case a.Kind == schema.Address:
		return []string{v.Addr.String()}
	}
	return []string{v.Str}
}

// neededSettings are those without which a kind has nothing to do.
var neededSettings = map[string]string{"exec": "command", "file": "path", "dns": "name"}

func checkHealthCheck(d *schema.Decoder, in *schema.Instance, h *HealthCheck) {
	for i, s := range h.Settings {
		if i > 0 && h.Settings[i-1].Name == s.Name {
			continue // the next element of a list
		}
		if !slices.Contains(settingKinds[s.Name], h.Kind) {
			d.Error(in.At(s.Name), s.Name+" not possible", fmt.Sprintf("A %s check has no %s; it belongs to %s.", h.Kind, s.Name, strings.Join(settingKinds[s.Name], ", ")))
		}
	}
	if need := neededSettings[h.Kind]; need != "" && !in.Has(need) {
		d.Error(in.Header, "Missing "+need, fmt.Sprintf("health_check %q needs %s: write it.", h.Kind, need))
	}
	if h.Timeout > h.Interval && h.Kind != "exec" {
		d.Error(in.At("timeout"), "timeout above interval", fmt.Sprintf("A check that may take %s cannot run every %s: write a shorter timeout or a longer interval.", schema.Written(h.Timeout), schema.Written(h.Interval)))
	}
}
