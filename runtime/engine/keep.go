package engine

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/crc32"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/lbsync/lbsync/spec"
)

// kept is what the engine works by: what the agent told it last. It lies below /run, so that a reboot begins with none.
type kept struct {
	VRRP     spec.VRRP
	Secrets  map[string]string // by name; the file is its owner's alone
	Verdicts []verdict
}

// verdict is what the agent said of a tracker.
type verdict struct {
	Key  spec.TrackerKey
	Good bool
}

const keptMagic = "lbsync engine state 1\n"

// save replaces the file whole.
func (k kept) save(path string) (err error) {
	var b bytes.Buffer
	b.WriteString(keptMagic)
	if err := gob.NewEncoder(&b).Encode(k); err != nil {
		return fmt.Errorf("encode state of engine: %w", err)
	}
	sum := binary.BigEndian.AppendUint32(b.Bytes(), crc32.ChecksumIEEE(b.Bytes()))
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // for the owner alone
	if err != nil {
		return fmt.Errorf("save state of engine: %w", err)
	}
	_, err = f.Write(sum)
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("save state of engine: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}

// load is what was saved; nothing if there is no file.
func load(path string) (k kept, err error) {
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return k, nil
	}
	if err != nil {
		return k, fmt.Errorf("read state of engine: %w", err)
	}
	body, sum := b[:max(len(b)-4, 0)], b[max(len(b)-4, 0):]
	body, ok := bytes.CutPrefix(body, []byte(keptMagic))
	if !ok || binary.BigEndian.Uint32(sum) != crc32.ChecksumIEEE(b[:len(b)-4]) {
		return k, fmt.Errorf("read state of engine: %s is damaged or of another release: remove it, and the agent gives a new one", path)
	}
	if err := gob.NewDecoder(bytes.NewReader(body)).Decode(&k); err != nil {
		return kept{}, fmt.Errorf("read state of engine: decode %s: %w", path, err)
	}
	return k, nil
}
