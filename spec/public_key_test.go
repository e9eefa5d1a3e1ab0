package spec

import (
	"bytes"
	"crypto/ed25519"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"strings"
	"testing"
)

func TestPublicKeyHasOneText(t *testing.T) {
	key := bytes.Repeat([]byte{7}, 32)
	good := FormatPublicKey(key)
	if got, err := ParsePublicKey(good); err != nil || !bytes.Equal(got, key) {
		t.Fatalf("%s: %v, %v", good, got, err)
	}
	for _, s := range []string{"", "ed25519:", good[len("ed25519:"):], strings.ToUpper(good), good[:len(good)-2] + "d=", good + "\n", good[:20] + "\n" + good[20:], "ed25519:BwcH"} {
		if s == good {
			t.Fatalf("%q is the good one", s)
		}
		if _, err := ParsePublicKey(s); !errors.Is(err, errNoPublicKey) {
			t.Errorf("%q: %v", s, err)
		}
	}
}

// For each of the points a signature can be made without any secret: S = 0 and R = the neutral element do for every eighth message or
// more. A list with a mistake would have a point for which that fails.
func TestWeakKeysCanBeForged(t *testing.T) {
	forged := append([]byte{1}, make([]byte, 63)...)
	for _, y := range smallOrders {
		key, err := hex.DecodeString(y)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := ParsePublicKey(FormatPublicKey(key)); !errors.Is(err, errWeakKey) {
			t.Errorf("%s: %v", y, err)
		}
		key[31] |= 0x80
		if _, err := ParsePublicKey(FormatPublicKey(key)); !errors.Is(err, errWeakKey) {
			t.Errorf("%s with the sign of x: %v", y, err)
		}
		key[31] &= 0x7f
		found := false
		for n := uint64(0); n < 1000 && !found; n++ {
			found = ed25519.Verify(key, binary.BigEndian.AppendUint64(nil, n), forged)
		}
		if !found {
			t.Errorf("%s is not of small order", y)
		}
	}
}
