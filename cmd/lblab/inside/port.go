package inside

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/lbsync/lbsync/cmd/lblab/wire"
)

// OpenPort opens the virtio-serial port of the conversation. The kernel numbers the ports; their names are in sysfs.
func OpenPort() (*os.File, error) {
	names, err := filepath.Glob("/sys/class/virtio-ports/*/name")
	if err != nil {
		panic(err)
	}
	for _, file := range names {
		name, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read the name of a virtio port: %w", err)
		}
		if strings.TrimSpace(string(name)) == wire.Port {
			device := filepath.Join("/dev", filepath.Base(filepath.Dir(file)))
			return os.OpenFile(device, os.O_RDWR, 0)
		}
	}
	return nil, fmt.Errorf("open the virtio port %s: none of %d ports has this name", wire.Port, len(names))
}
