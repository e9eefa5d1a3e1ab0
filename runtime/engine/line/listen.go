package line

import (
	"net"

	"github.com/lbsync/lbsync/runtime/local"
)

// Listen opens the engine's socket for its owner alone.
func Listen(path string) (*net.UnixListener, error) {
	return local.Listen("unixpacket", path, "engine")
}
