package gotest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"
)

// Event is what go tool test2json makes of a test's output; see go doc test2json.
type Event struct {
	Action string
	Test   string // empty for the package as a whole
	Output string
}

// Skip is a test that did not run.
type Skip struct {
	Package, Test, Reason string
}

// Tally sums the results of packages. The zero value is ready.
type Tally struct {
	Passed, Failed, Packages int // tests with their subtests
	BadPackages              int // packages that failed, for whatever reason
	Skips                    []Skip
}

// report is one package's results while they come in.
type report struct {
	path    string
	output  map[string][]string // by test
	tally   *Tally
	verbose bool // show everything, not only what failed tests said
	failed  bool
}

// Broken counts a package that does not compile and gives its line.
func (t *Tally) Broken(path string) string {
	t.Packages++
	t.BadPackages++
	return fmt.Sprintf("FAIL\t%s [build failed]\n", path)
}

func (t *Tally) begin(path string, verbose bool) *report {
	t.Packages++
	return &report{path: path, output: map[string][]string{}, tally: t, verbose: verbose}
}

// add counts e and gives the text to show for it.
func (r *report) add(e Event) string {
	switch e.Action {
	case "output":
		r.output[e.Test] = append(r.output[e.Test], e.Output)
		if r.verbose {
			return e.Output
		}
		return ""
	case "pass", "fail", "skip":
	default:
		return ""
	}
	if e.Test == "" {
		r.failed = r.failed || e.Action == "fail"
		return ""
	}
	said := r.output[e.Test]
	delete(r.output, e.Test)
	switch e.Action {
	case "pass":
		r.tally.Passed++
	case "skip":
		r.tally.Skips = append(r.tally.Skips, Skip{r.path, e.Test, reason(said)})
	case "fail":
		r.tally.Failed++
		r.failed = true
		if !r.verbose {
			return strings.Join(slices.DeleteFunc(said, framing), "")
		}
	}
	return ""
}

// end gives the package's last line, in go test's words. A code other than 0 is a failure whatever the tests said: the
// binary may have died between them.
func (r *report) end(code int, elapsed time.Duration) string {
	var text strings.Builder
	if code != 0 {
		r.failed = true
	}
	if !r.failed {
		fmt.Fprintf(&text, "ok  \t%s\t%.3fs\n", r.path, elapsed.Seconds())
		return text.String()
	}
	r.tally.BadPackages++
	if !r.verbose {
		text.WriteString(r.unfinished())
	}
	fmt.Fprintf(&text, "FAIL\t%s\t%.3fs (exit code %d)\n", r.path, elapsed.Seconds(), code)
	return text.String()
}

// unfinished is what no finished test said: a panic, a fatal error, a test that the time ran out on.
func (r *report) unfinished() string {
	var text strings.Builder
	for _, test := range slices.Sorted(maps.Keys(r.output)) {
		text.WriteString(strings.Join(slices.DeleteFunc(r.output[test], framing), ""))
	}
	return text.String()
}

// framing lines say where the output of a test begins; go test hides them without -v.
func framing(line string) bool {
	return strings.HasPrefix(line, "=== ")
}

// reason is what a skipped test said: its lines without position and framing.
func reason(said []string) string {
	var parts []string
	for _, line := range said {
		trimmed := strings.TrimSpace(line)
		if framing(trimmed) || strings.HasPrefix(trimmed, "--- SKIP") {
			continue
		}
		// file_test.go:12: reason
		if _, after, found := strings.Cut(trimmed, ".go:"); found {
			_, trimmed, _ = strings.Cut(after, ": ")
		}
		parts = append(parts, trimmed)
	}
	return strings.Join(parts, " ")
}

// Summary is the final count.
func (t *Tally) Summary() string {
	var text strings.Builder
	for _, s := range t.Skips {
		fmt.Fprintf(&text, "skipped %s %s: %s\n", s.Package, s.Test, s.Reason)
	}
	if t.BadPackages > 0 {
		fmt.Fprintf(&text, "%d of %d packages failed\n", t.BadPackages, t.Packages)
	}
	fmt.Fprintf(&text, "%d passed, %d failed, %d skipped", t.Passed, t.Failed, len(t.Skips))
	if t.Passed+t.Failed == 0 {
		text.WriteString(": no test ran")
	}
	text.WriteByte('\n')
	return text.String()
}

// OK: something ran and nothing failed.
func (t *Tally) OK() bool {
	return t.BadPackages == 0 && t.Failed == 0 && t.Passed > 0
}
