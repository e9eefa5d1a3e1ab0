package spec

import (
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
