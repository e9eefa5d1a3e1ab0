package line

import (
	"io"
	"net"
	"testing"
)

// racing is a connection whose end Linux tells of before the packet that was sent just before it.
type racing struct {
	net.Conn
	packet []byte
	told   bool
}

func (r *racing) Read(b []byte) (int, error) {
	if !r.told {
		r.told = true
		return 0, io.EOF
	}
	return copy(b, r.packet), nil
}

func TestAnswerBehindTheEnd(t *testing.T) {
	v, body, err := receive(&racing{packet: append(head(answer, []byte("x")), 'x')})
	if v != answer || string(body) != "x" || err != nil {
		t.Errorf("received %d %q, %v", v, body, err)
	}
}
