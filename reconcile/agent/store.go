package agent

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
)

// store keeps files in the state folder, each as a whole: a line that names its format, a CRC-32C, and the encoded value. The checksum
// is against a disk that forgets; who may write the folder is root already, and a start waits for it.
type store struct {
	dir   string
	at    func(point string) // told before each operation on the disk, for tests that die there
	owned ownedText
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func newStore(dir string) *store { return &store{dir: dir, at: func(string) {}} }

func (s *store) read(name, format string, into any) error {
	b, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		return fmt.Errorf("read state: %w", err)
	}
	rest, ok := bytes.CutPrefix(b, []byte(format))
	if !ok || len(rest) < crc32.Size {
		return fmt.Errorf("read %s: it does not begin with %q and a checksum", name, format)
	}
	sum, body := binary.BigEndian.Uint32(rest), rest[crc32.Size:]
	if crc32.Checksum(body, castagnoli) != sum {
		return fmt.Errorf("read %s: its checksum is wrong", name)
	}
	if err := gob.NewDecoder(bytes.NewReader(body)).Decode(into); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}

// write replaces a file: its bytes are on disk before its name is, and the name before write returns.
func (s *store) write(name, format string, v any) error {
	var body bytes.Buffer
	if err := gob.NewEncoder(&body).Encode(v); err != nil {
		return fmt.Errorf("encode %s: %w", name, err)
	}
	sum := binary.BigEndian.AppendUint32(nil, crc32.Checksum(body.Bytes(), castagnoli))
	if err := s.replace(name, []byte(format), sum, body.Bytes()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}

func (s *store) replace(name string, parts ...[]byte) error {
	path := filepath.Join(s.dir, name)
	s.at("write " + name)
	if err := writeSynced(path+".tmp", parts); err != nil {
		return err
	}
	s.at("rename " + name)
	if err := os.Rename(path+".tmp", path); err != nil {
		return err
	}
	s.at("sync folder of " + name)
	d, err := os.Open(s.dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func writeSynced(path string, parts [][]byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	for _, p := range parts {
		if _, err := f.Write(p); err != nil {
			return errors.Join(err, f.Close())
		}
	}
	return errors.Join(f.Sync(), f.Close())
}
