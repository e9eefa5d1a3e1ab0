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
var viewMagic = [8]byte{'L', 'B', 'S', 'V', 'I', 'E', 'W', 6}

// maxView is the most that is decoded.
const maxView = 256 << 20

// viewHeader stands before the body: magic, length and CRC-32C of the rest. The checksum is against a disk that forgets, not against a
// person: who may write the state folder is root already. SHA-256 was a quarter of the work before the first write of a start, on a
// processor without instructions for it.
const viewHeader = len(viewMagic) + 8 + crc32.Size

// ErrOtherVersion is that of a view which another version of lbsync encoded: nothing is wrong with it.
var ErrOtherVersion = errors.New("another version of lbsync wrote this")

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// viewHead is all of a view but its virtual servers, which are thousands: a gob of them takes five times as long to read, and a start
// waits for it. They follow it in the order of the clusters.
type viewHead struct {
	View  View
	Words []string   // that virtual servers share
	Rare  []rareBits // of servers that have them
}

// rareBits are the parts of a server, virtual or real, that most have not.
type rareBits struct {
	Sorry  *RealServer
	Checks []HealthCheck
}

// Encode is the view as bytes that DecodeView reads back: magic, version, length, checksum; then the gob of a viewHead with its length,
// and the virtual servers.
func (v View) Encode() ([]byte, error) {
	w := viewWriter{words: map[string]uint64{}}
	head := viewHead{View: v}
	head.View.Clusters = make([]Cluster, len(v.Clusters))
	for i, c := range v.Clusters {
		w.cluster(&c)
		c.VirtualServers = nil
		head.View.Clusters[i] = c
	}
	head.Words, head.Rare = w.table, w.rare
	var b bytes.Buffer
	if err := gob.NewEncoder(&b).Encode(head); err != nil {
		return nil, fmt.Errorf("encode view of %s: %w", v.Director.Def.Name, err)
	}
	out := make([]byte, viewHeader, viewHeader+binary.MaxVarintLen64+b.Len()+len(w.b))
	out = append(binary.AppendUvarint(out, uint64(b.Len())), b.Bytes()...)
	out = append(out, w.b...)
	copy(out, viewMagic[:])
	binary.BigEndian.PutUint64(out[len(viewMagic):], uint64(len(out)-viewHeader))
	binary.BigEndian.PutUint32(out[viewHeader-crc32.Size:], crc32.Checksum(out[viewHeader:], castagnoli))
	return out, nil
}

// DecodeView reads what Encode wrote. Bytes that were cut, changed or written by another version are an error.
func DecodeView(b []byte) (View, error) {
	body, err := viewBody(b)
	if err != nil {
		return View{}, fmt.Errorf("decode view: %w", err)
	}
	v, err := decodeBody(body)
	if err == nil && v.Director.Def == nil {
		err = errors.New("it has no director")
	}
	if err != nil {
		return View{}, fmt.Errorf("decode view: %w", err)
	}
	return v, nil
}

func decodeBody(body []byte) (View, error) {
	n, size := binary.Uvarint(body)
	if size <= 0 || n > uint64(len(body)-size) {
		return View{}, errMalformedView
	}
	var head viewHead
	if err := gob.NewDecoder(bytes.NewReader(body[size : size+int(n)])).Decode(&head); err != nil {
		return View{}, err
	}
	r := viewReader{b: body[size+int(n):], head: &head}
	for i := range head.View.Clusters {
		head.View.Clusters[i].VirtualServers = r.servers()
	}
	if r.bad || len(r.b) > 0 {
		return View{}, errMalformedView
	}
	return head.View, nil
}

// viewBody checks everything before a byte is decoded, so that what is allocated is what a view needs that was written here.
func viewBody(b []byte) ([]byte, error) {
	if len(b) < viewHeader {
		return nil, fmt.Errorf("%d bytes are too few for a view: it was cut", len(b))
	}
	if last := len(viewMagic) - 1; !bytes.Equal(b[:last], viewMagic[:last]) {
		return nil, errors.New("it does not begin as a view does")
	} else if b[last] != viewMagic[last] {
		return nil, fmt.Errorf("%w: it has version %d, and this lbsync reads version %d", ErrOtherVersion, b[last], viewMagic[last])
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
