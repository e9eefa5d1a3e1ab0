package bench

import (
	"context"
	"fmt"
	"path/filepath"

	"github.com/lbsync/lbsync/cmd/lblab/bench/page"
)

// Job is what Measure is to do, and where. It crosses into the machine, and Results come back, as files of one folder.
type Job struct {
	Sizes      []int  `json:"sizes"` // numbers of services, rising
	Rounds     int    `json:"rounds"`
	Lbsync     string `json:"lbsync"` // program
	Keepalived string `json:"keepalived"`
}

// Check says what is wrong with the job.
func (j Job) Check() error {
	if j.Rounds < 1 || len(j.Sizes) == 0 {
		return fmt.Errorf("%d sizes and %d rounds: want at least one of each", len(j.Sizes), j.Rounds)
	}
	for i, n := range j.Sizes {
		// 10.0.0.0/9 has room for more; the kernel's counts and the plot were looked at up to here.
		if n < 1 || n > 10000 || i > 0 && n <= j.Sizes[i-1] {
			return fmt.Errorf("sizes %v: want numbers of services from 1 to 10000, rising", j.Sizes)
		}
	}
	return nil
}

// largest is the size that is looked at most closely.
func (j Job) largest() Rules { return NewRules(j.Sizes[len(j.Sizes)-1]) }

// rules are all that Prepare has to write.
func (j Job) rules() []Rules {
	var out []Rules
	for _, n := range j.Sizes {
		out = append(out, NewRules(n))
	}
	return append(out, j.largest().OneCluster())
}

// The files in the folder of a job.
const (
	jobFile     = "job.json"
	resultsFile = "results.json"
)

// Prepare writes the job and all its rules into a folder.
func (j Job) Prepare(ctx context.Context, dir string) error {
	for _, r := range j.rules() {
		if err := r.prepare(ctx, dir); err != nil {
			return err
		}
	}
	return page.WriteJSON(filepath.Join(dir, jobFile), j)
}

// ReadResults are what Measure left in the folder of its job.
func ReadResults(dir string) (r Results, err error) {
	return r, page.ReadJSON(filepath.Join(dir, resultsFile), &r)
}
