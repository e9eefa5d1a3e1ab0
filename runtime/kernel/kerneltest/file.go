package kerneltest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/lbsync/lbsync/spec"
)

// Open is a fake that lives in a file: what it held when its process went, it holds again. A missing file is an empty kernel.
func Open(path string) (*Kernel, error) {
	k := New()
	k.File = path
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return k, nil
	}
	if err != nil {
		return nil, err
	}
	var st spec.State
	if err := json.Unmarshal(b, &st); err != nil {
		return nil, fmt.Errorf("read kernel from %s: %w", path, err)
	}
	restore(k.services, st.Services)
	restore(k.dests, st.Dests)
	restore(k.daemons, st.Daemons)
	restore(k.timeouts, st.Timeouts)
	restore(k.sysctls, st.Sysctls)
	return k, nil
}

func restore[K spec.RowKey[K], V spec.RowValue](to map[K]V, rows spec.Rows[K, V]) {
	for _, r := range rows {
		to[r.Key] = r.Value
	}
}

// save writes the file whole, so that a process killed here leaves the old or the new one. A test whose disk fails has nothing to
// go on with.
func (k *Kernel) save() {
	if k.File == "" {
		return
	}
	b, err := json.MarshalIndent(k.state(), "", "  ")
	if err == nil {
		err = os.WriteFile(k.File+".new", b, 0o600)
	}
	if err == nil {
		err = os.Rename(k.File+".new", k.File)
	}
	if err != nil {
		panic(fmt.Sprintf("keep fake kernel in %s: %v", k.File, err))
	}
}
