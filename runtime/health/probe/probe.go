// Package probe has the kinds of health checks, a file each: one try to reach what a real server serves, and what came of it.
package probe

import (
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/lbsync/lbsync/spec"
)

// Result is how a probe ended.
type Result struct {
	OK     bool
	Local  bool   // this host could not probe, for want of descriptors, ports or a program: it says nothing of the real server
	Why    string // it failed, with the cause: "connect to 192.0.2.21:80: connection refused"
	Weight int32  // that it asks for; below 0: none
}

// Probe tries once. It ends when ctx does, at the check's timeout.
type Probe func(ctx context.Context) Result

// kinds prepare probes by kind. The error is one of the settings.
var kinds = map[string]func(spec.Check) (Probe, error){
	"https": newWeb, "grpc": newGRPC, "udp": newUDP, "dns": newDNS, "smtp": newSMTP, "ping": newPing, "exec": newExec, "file": newFile,
}

// New prepares the probe of a check: what it costs to read settings, it costs once.
func New(c spec.Check) (Probe, error) {
	prepare := kinds[c.Kind]
	if prepare == nil {
		return nil, fmt.Errorf("health_check %q: this version has %v", c.Kind, slices.Sorted(maps.Keys(kinds)))
	}
	return prepare(c)
}
