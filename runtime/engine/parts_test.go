package engine

import (
	"os"
	"testing"

	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/spec"
)

// What cannot be opened is none: not a nil pointer that looks like a socket, and panics as soon as it is used.
func TestPartsThatCannotBeOpened(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("needs root: raw and packet sockets")
	}
	p, err := openParts()
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := p.close(); err != nil {
			t.Error(err)
		}
	}()
	if s, err := p.wire(kernel.AdvertOptions{Interface: "missing0", Family: spec.IPv4}); s != nil || err == nil {
		t.Errorf("socket on a missing interface is %v, error %v", s, err)
	}
	switch d, err := p.daemons(); {
	case err != nil && d != nil:
		t.Errorf("without IPVS there are daemons: %v", d)
	case err == nil:
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
}
