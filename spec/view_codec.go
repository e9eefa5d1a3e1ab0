package spec

import (
	"bytes"
	"encoding/binary"
	"encoding/gob"
	"errors"
	"fmt"
	"hash/crc32"
)

// viewMagic begins an encoded view; its last byte is the version, which changes with the types.
var viewMagic = [8]byte{'L', 'B', 'S', 'V', 'I', 'E', 'W', 3}

// maxView is the most that is decoded.
const maxView = 256 << 20

// viewHeader stands before the gob: magic, length and CRC-32C of the rest. The checksum is against a disk that forgets, not against a
// person: who may write the state folder is root already. SHA-256 was a quarter of the work before the first write of a start, on a
// processor without instructions for it.
const viewHeader = len(viewMagic) + 8 + crc32.Size

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Encode is the view as bytes that DecodeView reads back: magic, version, length, checksum, gob.
func (v View) Encode() ([]byte, error) {
	var b bytes.Buffer
	b.Write(make([]byte, viewHeader))
	if err := gob.NewEncoder(&b).Encode(v); err != nil {
		return nil, fmt.Errorf("encode view of %s: %w", v.Director.Def.Name, err)
	}
	out := b.Bytes()
	copy(out, viewMagic[:])
	binary.BigEndian.PutUint64(out[len(viewMagic):], uint64(len(out)-viewHeader))
	binary.BigEndian.PutUint32(out[viewHeader-crc32.Size:], crc32.Checksum(out[viewHeader:], castagnoli))
	return out, nil
}

// DecodeView reads what Encode wrote. Bytes that were cut, changed or written by another version are an error.
func DecodeView(b []byte) (v View, err error) {
	body, err := viewBody(b)
	if err != nil {
		return View{}, fmt.Errorf("decode view: %w", err)
	}
	if err := gob.NewDecoder(bytes.NewReader(body)).Decode(&v); err != nil {
		return View{}, fmt.Errorf("decode view: %w", err)
	}
	if v.Director.Def == nil {
		return View{}, errors.New("decode view: it has no director")
	}
	return v, nil
}

// viewBody checks everything before gob sees a byte, so that gob's allocations are those of a view that was written here.
func viewBody(b []byte) ([]byte, error) {
	if len(b) < viewHeader {
		return nil, fmt.Errorf("%d bytes are too few for a view: it was cut", len(b))
	}
	if last := len(viewMagic) - 1; !bytes.Equal(b[:last], viewMagic[:last]) {
		return nil, errors.New("it does not begin as a view does")
	} else if b[last] != viewMagic[last] {
		return nil, fmt.Errorf("it has version %d, and this lbsync reads version %d", b[last], viewMagic[last])
	}
	body := b[viewHeader:]
	if n := binary.BigEndian.Uint64(b[len(viewMagic):]); n != uint64(len(body)) || n > maxView {
		return nil, fmt.Errorf("it says it has %d bytes and has %d: it was cut", n, len(body))
	}
	if crc32.Checksum(body, castagnoli) != binary.BigEndian.Uint32(b[viewHeader-crc32.Size:viewHeader]) {
		return nil, errors.New("its checksum is wrong: it was changed")
	}
	return body, nil
}
