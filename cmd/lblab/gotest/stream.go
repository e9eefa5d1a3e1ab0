package gotest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"time"
)

// Stream turns the raw output of one test binary, run with -test.v=test2json, into events by go tool test2json: it knows
// the output of parallel tests apart.
type Stream struct {
	report  *report
	stdin   io.WriteCloser
	cmd     *exec.Cmd
	decoded chan error
}

// Begin starts the stream of a package. Text for the reader goes to out: everything with verbose, else failures.
func (t *Tally) Begin(path string, verbose bool, out io.Writer) (*Stream, error) {
	cmd := exec.Command("go", "tool", "test2json")
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("start test2json: %w", err)
	}
	events, err := cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start test2json: %w", err)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start test2json: %w", err)
	}
	s := &Stream{report: t.begin(path, verbose), stdin: stdin, cmd: cmd, decoded: make(chan error, 1)}
	go func() { s.decoded <- s.decode(events, out) }()
	return s, nil
}

func (s *Stream) decode(events io.Reader, out io.Writer) error {
	decoder := json.NewDecoder(events)
	for {
		var e Event
		err := decoder.Decode(&e)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read test2json: %w", err)
		}
		if _, err := io.WriteString(out, s.report.add(e)); err != nil {
			return err
		}
	}
}

// Write takes raw output.
func (s *Stream) Write(p []byte) (int, error) {
	return s.stdin.Write(p)
}

// End finishes the package, whose binary ended after elapsed with code, and gives its last lines.
func (s *Stream) End(code int, elapsed time.Duration) (string, error) {
	_ = s.stdin.Close()
	if err := <-s.decoded; err != nil {
		return "", err
	}
	if err := s.cmd.Wait(); err != nil {
		return "", fmt.Errorf("run test2json: %w", err)
	}
	return s.report.end(code, elapsed), nil
}
