package spec

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
)

// keyPrefix begins the text of a public key: the word of its algorithm, so that another one can follow.
const keyPrefix = "ed25519:"

var (
	errNoPublicKey = errors.New(`a public key is "ed25519:" and the base64 of 32 bytes, as lbsync keygen prints it`)
	errWeakKey     = errors.New("anybody can sign for this key, as it is no secret's (RFC 8032, a point of small order); make one with lbsync keygen")
)

// ParsePublicKey reads "ed25519:BASE64". One key has one text only, so that texts can be compared: bits that base64 leaves over are
// zero, and there is no line break in it.
func ParsePublicKey(s string) (ed25519.PublicKey, error) {
	text, ok := strings.CutPrefix(s, keyPrefix)
	b, err := base64.StdEncoding.DecodeString(text)
	if !ok || err != nil || len(b) != ed25519.PublicKeySize || FormatPublicKey(b) != s {
		return nil, errNoPublicKey
	}
	if smallOrder(b) {
		return nil, errWeakKey
	}
	return b, nil
}

// FormatPublicKey is the text of a public key.
func FormatPublicKey(k ed25519.PublicKey) string {
	return keyPrefix + base64.StdEncoding.EncodeToString(k)
}

// smallOrders are the y coordinates of the points of edwards25519 whose order divides 8, in every encoding: 0, 1, the two of order 8,
// and p-1, p, p+1. Signatures under them can be forged without a secret, and a placeholder of zeros is one of them.
var smallOrders = []string{
	"0000000000000000000000000000000000000000000000000000000000000000",
	"0100000000000000000000000000000000000000000000000000000000000000",
	"26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
	"c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
	"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
}

func smallOrder(k []byte) bool {
	y := slices.Clone(k)
	y[31] &= 0x7f // the sign of x
	return slices.Contains(smallOrders, hex.EncodeToString(y))
}
