package sync

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/lbsync/lbsync/cmd/lblab/bench"
	"github.com/lbsync/lbsync/cmd/lblab/bench/page"
	"github.com/lbsync/lbsync/cmd/lblab/topology"
	"github.com/lbsync/lbsync/cmd/lblab/traffic"
)

// Failover is how the role of master changes after the change.
type Failover string

// The failovers.
const (
	Handover Failover = "handover" // planned: lbsync handover
	Crash    Failover = "crash"    // SIGKILL of the master's engine
)

// Job is what Measure is to do. It crosses into the machine, and Results come back, as files of one folder.
type Job struct {
	Connections int        `json:"connections"` // opened before each change: of ten, four active, three idle, three young
	Cases       []string   `json:"cases"`       // names; none is all
	Failovers   []Failover `json:"failovers"`
	Seed        uint64     `json:"seed"` // of the moments that are random
	Lbsync      string     `json:"lbsync"`
	Lblab       string     `json:"lblab"`
	IPVSAdm     string     `json:"ipvsadm"`
}

// The files in the folder of a job.
const (
	jobFile     = "job.json"
	resultsFile = "results.json"
	networkFile = "topology.lab"
)

// Check says what is wrong with the job.
func (j Job) Check() error {
	if j.Connections < 10 || j.Connections > 5000 {
		return fmt.Errorf("%d connections: want 10 to 5000", j.Connections)
	}
	for _, f := range j.Failovers {
		if f != Handover && f != Crash {
			return fmt.Errorf("failover %q: write handover or crash", f)
		}
	}
	var names []string
	for _, c := range cases() {
		names = append(names, c.name)
	}
	for _, name := range j.Cases {
		if !slices.Contains(names, name) {
			return fmt.Errorf("no case %q; there are: %s", name, strings.Join(names, ", "))
		}
	}
	runs := 0
	for _, by := range j.Failovers {
		runs += len(j.selected(by))
	}
	if runs == 0 || runs > sources {
		return fmt.Errorf("%d runs: want 1 to %d", runs, sources)
	}
	return nil
}

// selected are the cases that are asked for; without names, a crash follows those alone in which it tells more than a handover.
func (j Job) selected(by Failover) []testCase {
	return slices.DeleteFunc(cases(), func(c testCase) bool {
		if len(j.Cases) > 0 {
			return !slices.Contains(j.Cases, c.name)
		}
		return by == Crash && !c.crash
	})
}

// before are the connections that a change finds.
func (j Job) before() map[traffic.Group]int {
	n := j.Connections / 10
	return map[traffic.Group]int{{Class: traffic.Active}: j.Connections - 6*n, {Class: traffic.Idle}: 3 * n, {Class: traffic.Young}: 3 * n}
}

// Prepare writes the job and its topology into a folder, and returns the file of the topology.
func (j Job) Prepare(dir string) (string, error) {
	b, err := json.Marshal(j)
	file := filepath.Join(dir, networkFile)
	if err := errors.Join(err, os.WriteFile(filepath.Join(dir, jobFile), b, 0o644), os.WriteFile(file, []byte(network), 0o644)); err != nil {
		return "", fmt.Errorf("write the job: %w", err)
	}
	return file, nil
}

// ReadResults are what Measure left in the folder of its job.
func ReadResults(dir string) (r Results, err error) {
	return r, page.ReadJSON(filepath.Join(dir, resultsFile), &r)
}

// Measure does the job of a folder in the machine it runs in, in the namespaces of its topology, and leaves the results in the folder.
func Measure(ctx context.Context, dir string, progress func(string)) (err error) {
	var job Job
	if err := page.ReadJSON(filepath.Join(dir, jobFile), &job); err != nil {
		return err
	}
	plan, err := topology.Parse(networkFile, network)
	if err != nil {
		return err
	}
	l, err := newLab(job, plan, progress)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, l.close()) }()
	if err := l.begin(ctx); err != nil {
		return err
	}
	r := Results{Connections: job.Connections, Seed: job.Seed}
	if r.Machine, err = bench.ThisKernel(); err != nil {
		return err
	}
	for _, by := range job.Failovers {
		for _, c := range job.selected(by) {
			run, err := l.run(ctx, c, by)
			if err != nil {
				return fmt.Errorf("%s, %s: %w", c.name, by, err)
			}
			r.Runs = append(r.Runs, run)
			progress(run.line())
		}
	}
	b, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return fmt.Errorf("encode the results: %w", err)
	}
	return os.WriteFile(filepath.Join(dir, resultsFile), append(b, '\n'), 0o644)
}
