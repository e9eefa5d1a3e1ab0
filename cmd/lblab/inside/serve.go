// Package inside is the half of lblab that runs in the machine, as its process 1: it prepares the machine, runs the
// commands of the job and ends what they left behind.
package inside

import (
	"fmt"
	"io"
	"os"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/cmd/lblab/topology"
	"github.com/lbsync/lbsync/cmd/lblab/wire"
)

// Serve takes one job from rw and does it. It must be process 1 of its PID namespace, because it kills all other processes.
func Serve(rw io.ReadWriter) error {
	if os.Getpid() != 1 {
		return fmt.Errorf("serve a job as process %d: this command is for lblab itself, which starts it as process 1", os.Getpid())
	}
	// Process 1 of a machine has no PATH yet, and the caller's may lack the sbin folders.
	if err := os.Setenv("PATH", "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"); err != nil {
		return fmt.Errorf("set PATH: %w", err)
	}
	conn := wire.New(rw)
	first, err := conn.Receive()
	if err != nil {
		return fmt.Errorf("receive the job: %w", err)
	}
	if first.Kind != wire.Start || first.Job == nil {
		return fmt.Errorf("receive the job: first message is of kind %d", first.Kind)
	}
	stdin, err := feed(conn)
	if err != nil {
		return err
	}
	if err := prepare(first.Job); err != nil {
		return finish(conn, wire.Message{Kind: wire.Broken, Data: []byte(err.Error())})
	}
	for i, command := range first.Job.Commands {
		if err := run(conn, i, command, stdin); err != nil {
			return err
		}
	}
	unix.Sync()
	return finish(conn, wire.Message{Kind: wire.Done})
}

// finish says the last word and waits for the host to hang up: the end of process 1 is the end of the machine, and of what
// its port still holds.
func finish(conn *wire.Conn, last wire.Message) error {
	if err := conn.Send(last); err != nil {
		return err
	}
	select {}
}

func prepare(job *wire.Job) error {
	var err error
	if job.Machine != nil {
		err = prepareMachine(*job.Machine)
	} else {
		err = prepareNamespaces()
	}
	if err != nil {
		return err
	}
	if err := loopbackUp(); err != nil {
		return err
	}
	return topology.Apply(job.Topology)
}

// feed gives the read end of a pipe that carries the Input messages. When the host is gone nobody waits for the commands
// any more, so the process ends and, being number 1, takes them along.
func feed(conn *wire.Conn) (*os.File, error) {
	r, w, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("open the pipe of standard input: %w", err)
	}
	go func() {
		for {
			m, err := conn.Receive()
			if err != nil {
				os.Exit(1)
			}
			switch m.Kind {
			case wire.Input:
				// A command that does not read its input is no error: the write fails once it closed the pipe.
				_, _ = w.Write(m.Data)
			case wire.EOF:
				_ = w.Close()
			default:
				panic(fmt.Sprintf("message of kind %d from the host", m.Kind))
			}
		}
	}()
	return r, nil
}
