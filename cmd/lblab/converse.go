package main

import (
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/lbsync/lbsync/cmd/lblab/wire"
)

// sink takes what the commands of a job give. Its error ends the conversation, and with it the machine.
type sink interface {
	Output(index int, kind wire.Kind, data []byte) error
	Exit(index, code int, elapsed time.Duration) error
}

// errGone: the inside ended before it was done.
var errGone = errors.New("the machine ended before the command did")

// converse has the inside do job. stdin may be nil: then the commands read an empty input.
func converse(conn *wire.Conn, job wire.Job, stdin io.Reader, to sink) error {
	if err := conn.Send(wire.Message{Kind: wire.Start, Job: &job}); err != nil {
		return fmt.Errorf("send the job: %w", err)
	}
	go send(conn, stdin)
	for {
		m, err := conn.Receive()
		if err != nil {
			return fmt.Errorf("%w: %w", errGone, err)
		}
		switch m.Kind {
		case wire.Stdout, wire.Stderr:
			err = to.Output(m.Index, m.Kind, m.Data)
		case wire.Exit:
			err = to.Exit(m.Index, m.Code, m.Elapsed)
		case wire.Broken:
			return fmt.Errorf("prepare the machine: %s", m.Data)
		case wire.Done:
			return nil
		default:
			return fmt.Errorf("receive from the machine: message of kind %d", m.Kind)
		}
		if err != nil {
			return err
		}
	}
}

// send passes the input on. Its errors show as the end of the conversation.
func send(conn *wire.Conn, stdin io.Reader) {
	if stdin != nil {
		_, _ = io.Copy(conn.Writer(wire.Input, 0), stdin)
	}
	_ = conn.Send(wire.Message{Kind: wire.EOF})
}
