package bench

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"
	"time"
)

// manyLines is the fleet whose load is measured: its files have a good 100,000 lines.
var manyLines = NewRules(5900)

// Validate measures `lbsync validate` of 100,000 lines, in a process of its own each round, on the machine it runs on.
func Validate(ctx context.Context, program string, rounds int) (Load, error) {
	dir, err := os.MkdirTemp("", "fleet-")
	if err != nil {
		return Load{}, fmt.Errorf("make a folder for a fleet: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	files := manyLines.fleetFiles(0)
	out := Load{Lines: lines(files)}
	for name, text := range files {
		out.Bytes += len(text)
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o644); err != nil {
			return Load{}, fmt.Errorf("write fleet: %w", err)
		}
	}
	for range rounds {
		cmd := exec.CommandContext(ctx, program, "validate", dir)
		begin := time.Now()
		if text, err := cmd.CombinedOutput(); err != nil {
			return Load{}, fmt.Errorf("validate %d lines: %w: %s", out.Lines, err, text)
		}
		out.Took = append(out.Took, time.Since(begin))
		// Linux counts Maxrss in kilobytes, getrusage(2).
		out.Peak = max(out.Peak, cmd.ProcessState.SysUsage().(*syscall.Rusage).Maxrss<<10)
	}
	return out, nil
}

// diffBenchmark is the benchmark of package reconcile whose time is reported.
const diffBenchmark = "BenchmarkDiff10000x10With100Changes"

// DiffBenchmark runs go test -bench in the repository.
func DiffBenchmark(ctx context.Context, repository string, rounds int) (Sample, error) {
	cmd := exec.CommandContext(ctx, "go", "test", "-run=^$", "-bench=^"+diffBenchmark+"$", "-count="+strconv.Itoa(rounds), "./reconcile")
	cmd.Dir = repository
	text, err := cmd.CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("run the benchmark of the diff: %w: %s", err, text)
	}
	return parseBenchmark(string(text), rounds)
}

var benchmarkLine = regexp.MustCompile(`(?m)^` + diffBenchmark + `\S*\s+\d+\s+([0-9.]+) ns/op`)

func parseBenchmark(text string, rounds int) (Sample, error) {
	var out Sample
	for _, m := range benchmarkLine.FindAllStringSubmatch(text, -1) {
		ns, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			return nil, fmt.Errorf("read the benchmark of the diff: %w", err)
		}
		out = append(out, time.Duration(ns))
	}
	if len(out) != rounds {
		return nil, fmt.Errorf("read the benchmark of the diff: %d results, want %d, in %q", len(out), rounds, text)
	}
	return out, nil
}
