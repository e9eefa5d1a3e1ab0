package source

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestPackCutShort: a pack that stops in the middle, by a broken connection or by silence, changes nothing.
func TestPackCutShort(t *testing.T) {
	for name, c := range map[string]struct {
		timeout time.Duration
		handler func(next http.Handler) http.Handler
		kind    error
		text    string
	}{
		"silence": {time.Second, func(next http.Handler) http.Handler { return stall(next, make(chan struct{})) }, ErrTimeout, "receive pack from $URL: no answer in time"},
		"broken": {time.Minute, func(next http.Handler) http.Handler {
			return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				rec := httptest.NewRecorder()
				next.ServeHTTP(rec, r)
				raw := rec.Body.Bytes()
				if r.Method == http.MethodPost {
					raw = raw[:len(raw)-60]
				}
				w.Header().Set("Content-Type", rec.Header().Get("Content-Type"))
				_, _ = w.Write(raw)
			})
		}, ErrProtocol, "receive pack from $URL: unexpected answer of the git server: "},
	} {
		t.Run(name, func(t *testing.T) {
			o := newOrigin(t)
			o.push("main", "one", fleet(1))
			srv := httptest.NewServer(c.handler(backend(t, o)))
			defer srv.Close()
			cfg := config(t, srv.URL+"/fleet.git")
			cfg.Timeout = c.timeout
			_ = fails(t, cfg, c.kind, c.text)
			m := open(t, cfg)
			if _, ok := m.Tip(); ok || packCount(t, m) != 0 || m.Status().Damage != nil {
				t.Fatalf("half a pack left something: %+v", m.Status())
			}
		})
	}
}

// hostile builds a pack of one entry with the given header and content; count is what the pack says it holds.
func hostile(count uint32, entry []byte, content []byte) []byte {
	var b bytes.Buffer
	b.WriteString("PACK")
	_ = binary.Write(&b, binary.BigEndian, []uint32{2, count})
	b.Write(entry)
	z := zlib.NewWriter(&b)
	_, _ = z.Write(content)
	_ = z.Close()
	sum := sha1.Sum(b.Bytes())
	return append(b.Bytes(), sum[:]...)
}

// blobHeader is a pack entry's header: type 3, the size in groups of 4 and 7 bits.
func blobHeader(kind byte, size uint64) []byte {
	out := []byte{kind<<4 | byte(size&15)}
	for size >>= 4; size > 0; size >>= 7 {
		out[len(out)-1] |= 0x80
		out = append(out, byte(size&0x7f))
	}
	return out
}

func TestHostilePack(t *testing.T) {
	const refDelta = 7
	base := make([]byte, 20)
	delta := append(binary.AppendUvarint(binary.AppendUvarint(nil, 4), 1<<40), 0x90, 4)
	short := append(blobHeader(refDelta, 1), base...)
	lim := DefaultLimits()
	for name, c := range map[string]struct {
		pack []byte
		kind error
		text string
	}{
		"promises a terabyte":       {hostile(1, blobHeader(3, 1<<40), []byte("x")), ErrTooLarge, "an object of 1099511627776 bytes"},
		"delta unfolds to terabyte": {hostile(1, append(blobHeader(refDelta, uint64(len(delta))), base...), delta), ErrTooLarge, "an object of 1099511627776 bytes"},
		"delta without sizes":       {hostile(1, short, []byte{0x80}), ErrTooLarge, "an object of -1 bytes"},
		"promises many objects":     {hostile(1<<31, blobHeader(3, 1), []byte("x")), nil, "malformed pack: 2147483648 objects in"},
		"delta of nothing":          {hostile(1, append(blobHeader(refDelta, 6), base...), append(binary.AppendUvarint(binary.AppendUvarint(nil, 4), 4), 0x90, 4)), nil, "index pack: "},
		"wrong checksum":            {append(hostile(1, blobHeader(3, 1), []byte("x"))[:30], make([]byte, 20)...), nil, "pack"},
		"no pack":                   {[]byte("<html>"), nil, "read pack header: "},
		"nothing":                   {nil, nil, "read pack header: "},
	} {
		t.Run(name, func(t *testing.T) {
			m := open(t, config(t, "/srv/fleet.git"))
			_, err := m.disk.receive(bytes.NewReader(c.pack), lim)
			if err == nil || !strings.Contains(err.Error(), c.text) || c.kind != nil && !errors.Is(err, c.kind) {
				t.Fatalf("%v\nwant %v with %q", err, c.kind, c.text)
			}
			noLeftovers(t, m)
			if packCount(t, m) != 0 {
				t.Fatal("the pack was taken")
			}
		})
	}
}

func TestGoodPack(t *testing.T) {
	m := open(t, config(t, "/srv/fleet.git"))
	sum, err := m.disk.receive(bytes.NewReader(hostile(1, blobHeader(3, 1), []byte("x"))), DefaultLimits())
	if err != nil || packCount(t, m) != 1 || sum.IsZero() {
		t.Fatalf("%v %v", sum, err)
	}
	sum, err = m.disk.receive(bytes.NewReader(func() []byte {
		head := []byte("PACK\x00\x00\x00\x02\x00\x00\x00\x00")
		end := sha1.Sum(head)
		return append(head, end[:]...)
	}()), DefaultLimits())
	if err != nil || packCount(t, m) != 1 || !sum.IsZero() {
		t.Fatalf("pack of nothing: %v %v", sum, err)
	}
}

func TestSigned(t *testing.T) {
	for armor, want := range map[string]string{
		"":                                "",
		"-----BEGIN SSH SIGNATURE-----\n": "ssh",
		"-----BEGIN PGP SIGNATURE-----\n": "pgp",
		"-----BEGIN SIGNED MESSAGE-----":  "x509",
	} {
		if got := signatureKind(armor); got != want {
			t.Errorf("%q is %q, want %q", armor, got, want)
		}
	}
}
