// Package wire is the conversation between lblab and its half inside the machine: one job in, then output and exit codes out.
//
// Both streams of a command and its end travel in one ordered stream, so the end is never seen before the last byte of output.
package wire

import (
	"encoding/gob"
	"io"
	"sync"
	"time"

	"github.com/lbsync/lbsync/cmd/lblab/topology"
)

// Job is everything the inside needs to know; it is the first message it gets.
type Job struct {
	Machine  *Machine // nil when the inside is only a set of namespaces of the running kernel
	Topology []topology.Batch
	Commands []Command // run one after the other, each to its end, whatever the code of the one before
}

// Machine describes what a freshly booted kernel still lacks.
type Machine struct {
	Modules string   // directory of the host that must be seen as /lib/modules/RELEASE
	Release string   // of the kernel, as uname -r prints it
	Shares  []string // directories of the host, writable; number i has the 9p tag ShareTag(i)
}

// Command is one process to run.
type Command struct {
	Args []string // Args[0] is looked up in PATH when it has no slash
	Dir  string   // absolute
	Env  []string // KEY=VALUE
}

// Kind says what a Message carries.
type Kind int

// The kinds of messages.
const (
	Start  Kind = iota + 1 // to the inside: Job
	Input                  // to the inside: Data for the standard input of the commands
	EOF                    // to the inside: the standard input ended
	Stdout                 // to the host: Data of command Index
	Stderr                 // to the host: Data of command Index
	Exit                   // to the host: command Index ended after Elapsed with Code; 128+N when signal N killed it, 127 when it could not be started
	Broken                 // to the host: the inside could not be prepared; Data says why
	Done                   // to the host: every command ended and every share is written
)

// Message is one step of the conversation.
type Message struct {
	Kind    Kind
	Job     *Job
	Index   int
	Code    int
	Elapsed time.Duration
	Data    []byte
}

// Conn sends and receives messages; Send is safe for several goroutines.
type Conn struct {
	mu  sync.Mutex
	enc *gob.Encoder
	dec *gob.Decoder
}

// New talks over rw.
func New(rw io.ReadWriter) *Conn {
	return &Conn{enc: gob.NewEncoder(rw), dec: gob.NewDecoder(rw)}
}

// Send writes one message.
func (c *Conn) Send(m Message) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.enc.Encode(m)
}

// Receive waits for one message; io.EOF when the other side is gone.
func (c *Conn) Receive() (Message, error) {
	var m Message
	err := c.dec.Decode(&m)
	return m, err
}

// Writer gives an io.Writer whose writes become messages of the kind for command index.
func (c *Conn) Writer(kind Kind, index int) io.Writer {
	return stream{c, kind, index}
}

type stream struct {
	conn  *Conn
	kind  Kind
	index int
}

func (s stream) Write(p []byte) (int, error) {
	if err := s.conn.Send(Message{Kind: s.kind, Index: s.index, Data: p}); err != nil {
		return 0, err
	}
	return len(p), nil
}
