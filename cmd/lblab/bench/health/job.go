package health

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/cmd/lblab/bench"
	"github.com/lbsync/lbsync/cmd/lblab/bench/page"
)

// Job is what is to be measured. Its second half crosses into the machine with IPVS, and Results come back, as files of one folder.
type Job struct {
	Lblab      string        `json:"lblab"`
	Keepalived string        `json:"keepalived"` // "": nothing is measured beside it
	Beside     int           `json:"beside"`     // checks of both systems in the machine
	Lasting    time.Duration `json:"lasting_ns"`
	Progress   func(string)  `json:"-"`
}

// The files in the folder of a job.
const (
	jobFile     = "job.json"
	resultsFile = "results.json"
)

// patience is how long one case may take.
const patience = 5 * time.Minute

// Check says what is wrong with the job.
func (j Job) Check() error {
	if os.Getuid() != 0 {
		return errors.New("measure health checks: needs root, for network namespaces")
	}
	if j.Lasting <= 0 || j.Beside < perService || j.Beside > 200*perService {
		return fmt.Errorf("measure health checks: for %s, with %d checks beside keepalived: want a time, and %d to %d checks", j.Lasting, j.Beside, perService, 200*perService)
	}
	return nil
}

// Alone measures lbsync here.
func (j Job) Alone(ctx context.Context) (out []Measured, err error) {
	for _, c := range cases(j.Lasting) {
		m, err := j.one(ctx, "case", c)
		if err != nil {
			return nil, err
		}
		out = append(out, m)
	}
	return out, nil
}

// Prepare writes the job into a folder.
func (j Job) Prepare(dir string) error { return page.WriteJSON(filepath.Join(dir, jobFile), j) }

// Measure does the half of a folder's job that needs IPVS, and leaves the results there.
func Measure(ctx context.Context, dir string, progress func(string)) error {
	var j Job
	if err := page.ReadJSON(filepath.Join(dir, jobFile), &j); err != nil {
		return err
	}
	j.Progress = progress
	var out Results
	var err error
	if out.Machine, err = bench.ThisKernel(); err != nil {
		return err
	}
	for _, c := range []Case{{"tcp", j.Beside, 3 * time.Second, time.Second, "", 0, j.Lasting}, {"tcp", j.Beside, 3 * time.Second, time.Second, Refusing, 0, 0}} {
		ours, err := j.one(ctx, "case", c)
		if err != nil {
			return err
		}
		theirs, err := j.one(ctx, "keepalived", c)
		if err != nil {
			return err
		}
		out.Beside = append(out.Beside, Pair{ours, theirs})
	}
	return page.WriteJSON(filepath.Join(dir, resultsFile), out)
}

// ReadResults are what Measure left in the folder of its job.
func ReadResults(dir string) (out Results, err error) {
	return out, page.ReadJSON(filepath.Join(dir, resultsFile), &out)
}

// one measures a case in a process and a network namespace of its own.
func (j Job) one(ctx context.Context, system string, c Case) (m Measured, err error) {
	j.Progress(fmt.Sprintf("%s: %s", system, c))
	text, err := json.Marshal(c)
	if err != nil {
		return m, fmt.Errorf("encode a case: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, patience+c.Lasting)
	defer cancel()
	cmd := exec.CommandContext(ctx, j.Lblab, "bench", "health", system, string(text), j.Keepalived)
	cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: unix.CLONE_NEWNET}
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil {
		return m, fmt.Errorf("measure %s: %w: %s", c, err, &said)
	}
	if err := json.Unmarshal(out.Bytes(), &m); err != nil {
		return m, fmt.Errorf("read what came of %s: %w", c, err)
	}
	return m, nil
}

// RunCase is the process of one: it reads the case and prints what came of it.
func RunCase(ctx context.Context, text, keepalived string) error {
	var c Case
	if err := json.Unmarshal([]byte(text), &c); err != nil {
		return fmt.Errorf("read a case: %w", err)
	}
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find lblab's own program: %w", err)
	}
	var m Measured
	if keepalived == "" {
		m, err = c.run(ctx, self)
	} else {
		m, err = c.runKeepalived(ctx, self, keepalived)
	}
	if err != nil {
		return err
	}
	return json.NewEncoder(os.Stdout).Encode(m)
}
