package api

import (
	"net"

	"github.com/lbsync/lbsync/runtime/local"
)

// Listen opens the agent's socket for its owner alone.
func Listen(path string) (net.Listener, error) {
	l, err := local.Listen("unix", path, "agent")
	if err != nil {
		return nil, err // a nil *net.UnixListener must not become a Listener that is not nil
	}
	return l, nil
}
