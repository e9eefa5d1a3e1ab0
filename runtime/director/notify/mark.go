package notify

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/lbsync/lbsync/spec"
)

// mark is how far the events were told. It outlives the agent, not the machine: the engine counts anew after a boot, so nothing is
// synced to disk.
type mark struct {
	Version int                       `json:"version"`
	Boot    string                    `json:"boot"`   // boot_id of the kernel under which the engine counted
	Serial  uint64                    `json:"serial"` // all events up to this one were told
	Groups  map[string]spec.VRRPState `json:"groups"` // as of then
}

// readMark is nil where none was ever written.
func readMark(path string) (*mark, error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var m mark
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if m.Version != spec.DocumentVersion {
		return nil, fmt.Errorf("read %s: version %d is not known", path, m.Version)
	}
	return &m, nil
}

func (m mark) write(path string) error {
	m.Version = spec.DocumentVersion
	b, err := json.Marshal(m)
	if err != nil {
		panic(fmt.Sprintf("encode %T: %v", m, err)) // plain values
	}
	if err := os.WriteFile(path+".tmp", append(b, '\n'), 0o600); err != nil {
		return err
	}
	return os.Rename(path+".tmp", path)
}
