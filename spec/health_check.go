package spec

import "time"

// HealthCheck is the block `health_check "KIND"`.
type HealthCheck struct {
	Kind                       string // tcp, http, https, udp, dns, ping, smtp, grpc, exec or file
	Interval, Timeout          time.Duration
	FastInterval, DownInterval time.Duration // between checks while the verdict is forming, and while down; 0: as Interval
	Jitter                     time.Duration
	Rise, Fall                 uint32
	Settings                   []Attr // what only this kind has, by attribute name, in order
	At                         Mark
}
