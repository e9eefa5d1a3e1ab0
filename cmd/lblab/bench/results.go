package bench

import (
	"slices"
	"time"
)

// Sample is what the rounds took, in their order.
type Sample []time.Duration

// Min is the fastest round; 0 without any.
func (s Sample) Min() time.Duration { return s.at(0) }

// Median is the round in the middle, the upper one of two.
func (s Sample) Median() time.Duration { return s.at(len(s) / 2) }

// Max is the slowest round.
func (s Sample) Max() time.Duration { return s.at(len(s) - 1) }

func (s Sample) at(i int) time.Duration {
	if len(s) == 0 {
		return 0
	}
	return slices.Sorted(slices.Values(s))[i]
}

// Results are everything that was measured; durations are nanoseconds.
type Results struct {
	Machine Machine  `json:"machine"`
	Command string   `json:"command"`
	Rounds  int      `json:"rounds"`
	Starts  []Start  `json:"starts"` // by size
	Change  []Change `json:"change"` // by size, and the largest in one cluster
	Idle    Idle     `json:"idle"`
	Agent   Agent    `json:"agent"`
	Load    Load     `json:"load"`
	Diff    Sample   `json:"diff_ns"` // one diff of 10,000 services with 100 changes
	Looks   Looks    `json:"looks"`
}

// Start is the time from a program's start to all real servers being in a kernel that was empty.
type Start struct {
	Rules      Rules  `json:"rules"`
	Keepalived Sample `json:"keepalived_ns"`
	Cold       Sample `json:"cold_ns"`      // lbsync with an empty state folder
	LastGood   Sample `json:"last_good_ns"` // lbsync with what an earlier run left there
}

// Change is the time from one weight being changed to the kernel holding it.
type Change struct {
	Rules            Rules  `json:"rules"`
	Reload           Sample `json:"reload_ns"`            // keepalived, from its signal
	Fetched          Sample `json:"fetched_ns"`           // lbsync, from the fetched commit, by its journal
	Outside          Sample `json:"outside_ns"`           // lbsync, from being asked to look at the repository, with fetching it
	RestartedFetched Sample `json:"restarted_fetched_ns"` // as Fetched, in an agent that came from its last known good: it loads all
	RestartedOutside Sample `json:"restarted_outside_ns"` // as Outside, there
}

// Idle is a reconcile of the largest size within one process.
type Idle struct {
	Rules Rules  `json:"rules"`
	Apply Sample `json:"apply_ns"` // carrying out the plan for an empty kernel
	Fast  Sample `json:"fast_ns"`  // fast read and plan, with nothing to do
	Full  Sample `json:"full_ns"`  // the same with a full read
}

// Agent is the running agent of the largest size, as the kernel sees it.
type Agent struct {
	Rules    Rules         `json:"rules"`
	Age      time.Duration `json:"age_ns"` // when it was looked at
	Resident int64         `json:"resident_bytes"`
	Peak     int64         `json:"peak_bytes"`
	Filling  int64         `json:"writes_filling"` // IPVS commands that changed something, while it filled the kernel
	Writes   int64         `json:"writes_idle"`    // from then on to Age
	Reads    int64         `json:"reads_idle"`     // reads by getsockopt meanwhile
}

// Load is `lbsync validate` of a large fleet on the host, each in a process of its own.
type Load struct {
	Lines int    `json:"lines"`
	Bytes int    `json:"bytes"`
	Took  Sample `json:"took_ns"`
	Peak  int64  `json:"peak_bytes"` // the largest
}

// Machine is where it was measured.
type Machine struct {
	Processor  string `json:"processor"`
	Cores      int    `json:"cores"`
	Kernel     string `json:"kernel"`      // that IPVS ran in
	Processors int    `json:"processors"`  // that it had
	HostKernel string `json:"host_kernel"` // that the rest ran in
	System     string `json:"system"`
	Keepalived string `json:"keepalived"`
	Lbsync     string `json:"lbsync"`
	Go         string `json:"go"`
	Load       string `json:"load_average"` // before anything was measured: what else kept the processors busy
}

// Emulated says whether IPVS ran in a virtual machine.
func (m Machine) Emulated() bool { return m.Kernel != m.HostKernel }

// With adds what was measured outside of the machine.
func (r Results) With(native Results) Results {
	inside := r.Machine
	r.Machine, r.Load, r.Diff = native.Machine, native.Load, native.Diff
	r.Machine.Kernel, r.Machine.Processors = inside.Kernel, inside.Processors
	return r
}
