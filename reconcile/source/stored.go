package source

import (
	"bufio"
	"compress/zlib"
	"crypto/sha1" // a pack ends in the SHA-1 of itself, gitformat-pack(5)
	"encoding/binary"
	"io"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/storer"
)

// mostStored is how many bytes of objects are taken from a repository on this machine without being compressed: a fleet, and its next
// version. Compressing them, and four times the opposite until a file is read, is most of the time of a fetch that has no network.
// Packs that pile up are compressed when they are merged.
const mostStored = 16 << 20

// light says whether objects are few bytes together.
func light(sto storer.EncodedObjectStorer, hashes []plumbing.Hash) bool {
	sum := int64(0)
	for _, h := range hashes {
		n, err := sto.EncodedObjectSize(h)
		if sum += n; err != nil || sum > mostStored {
			return false
		}
	}
	return true
}

// stored streams a pack of objects as they are, neither compressed nor as differences.
func stored(sto storer.EncodedObjectStorer, hashes []plumbing.Hash) io.ReadCloser {
	return stream(func(w io.Writer) error {
		sum := sha1.New() // see above
		b := bufio.NewWriterSize(io.MultiWriter(w, sum), 256<<10)
		header := binary.BigEndian.AppendUint32([]byte("PACK\x00\x00\x00\x02"), uint32(len(hashes)))
		if _, err := b.Write(header); err != nil {
			return err
		}
		z, err := zlib.NewWriterLevel(b, zlib.NoCompression)
		if err != nil {
			return err
		}
		for _, h := range hashes {
			if err := store(b, z, sto, h); err != nil {
				return err
			}
		}
		if err := b.Flush(); err != nil {
			return err
		}
		_, err = w.Write(sum.Sum(nil))
		return err
	})
}

func store(b *bufio.Writer, z *zlib.Writer, sto storer.EncodedObjectStorer, h plumbing.Hash) (err error) {
	o, err := sto.EncodedObject(plumbing.AnyObject, h)
	if err != nil {
		return err
	}
	r, err := o.Reader()
	if err != nil {
		return err
	}
	defer func() { _ = r.Close() }()
	if _, err := b.Write(entryHeader(o.Type(), o.Size())); err != nil {
		return err
	}
	z.Reset(b)
	if _, err := io.Copy(z, r); err != nil {
		return err
	}
	return z.Close()
}

// entryHeader is type and size of an object: 4 bits of the size beside the type, then 7 in each byte, the lowest first.
func entryHeader(t plumbing.ObjectType, size int64) []byte {
	out := []byte{byte(t)<<4 | byte(size&15)}
	for size >>= 4; size > 0; size >>= 7 {
		out[len(out)-1] |= 0x80
		out = append(out, byte(size&0x7f))
	}
	return out
}
