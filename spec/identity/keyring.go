package identity

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
)

// Keyring are the private keys of one director or operator, and which of them the fleet declares. While a key changes there are two,
// and the others, who are at one commit or the next, may know either: each end says which keys it has and tries what the other knows.
type Keyring struct {
	path string

	mu       sync.Mutex
	keys     []Key
	declared []string          // as Declare was told
	problem  error             // why a declared key cannot be presented
	liked    map[string]string // by address: public key of ours that was taken there, or is to be tried next
	hoped    map[string]int    // by address: which of the expected keys is hoped for
}

// Open reads the keys of a file; see Read for its errors.
func Open(path string) (*Keyring, error) {
	keys, err := Read(path)
	if err != nil {
		return nil, err
	}
	return &Keyring{path: path, keys: keys, liked: map[string]string{}, hoped: map[string]int{}}, nil
}

// Declare tells which public keys the fleet says are this one's, the most wanted first. If none of them is known the file is read again:
// so a new key may be put into it at any time before the fleet declares it.
func (r *Keyring) Declare(public ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.declared, r.problem = public, nil
	if len(public) == 0 || r.known(public[0]) {
		return
	}
	keys, err := Read(r.path)
	if err == nil {
		r.keys = keys
	}
	switch {
	case err != nil:
		r.problem = err
	case !r.known(public[0]):
		r.problem = fmt.Errorf("the fleet declares the key %s for this director, and %s holds %s: put the key that belongs to it there, or correct public_key", public[0], r.path, strings.Join(r.publics(), ", "))
	}
}

// Problem is why the key that the fleet declares cannot be presented; nil when it can, or when it declares none.
func (r *Keyring) Problem() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.problem
}

// Public are the public keys, that which is presented unless something else is asked for first.
func (r *Keyring) Public() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out []string
	for _, k := range r.ordered() {
		out = append(out, k.Public)
	}
	return out
}

func (r *Keyring) known(public string) bool { return slices.Contains(r.publics(), public) }

func (r *Keyring) publics() []string {
	var out []string
	for _, k := range r.keys {
		out = append(out, k.Public)
	}
	return out
}

// ordered are the declared keys, in that order, and then the others as in the file.
func (r *Keyring) ordered() []Key {
	out := slices.Clone(r.keys)
	rank := func(k Key) int {
		if at := slices.Index(r.declared, k.Public); at >= 0 {
			return at
		}
		return len(r.declared)
	}
	slices.SortStableFunc(out, func(a, b Key) int { return rank(a) - rank(b) })
	return out
}

// for an address, that which was liked there; else the first.
func (r *Keyring) clientKey(address string) *Key {
	r.mu.Lock()
	defer r.mu.Unlock()
	keys := r.ordered()
	if at := slices.IndexFunc(keys, func(k Key) bool { return k.Public == r.liked[address] }); at >= 0 {
		return &keys[at]
	}
	return &keys[0]
}

// disliked has the key that follows tried at this address.
func (r *Keyring) disliked(address, public string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	keys := r.ordered()
	at := slices.IndexFunc(keys, func(k Key) bool { return k.Public == public })
	r.liked[address] = keys[(at+1)%len(keys)].Public
}

// serverKey is the one that the client hopes for, or else the first.
func (r *Keyring) serverKey(hello *tls.ClientHelloInfo) *Key {
	r.mu.Lock()
	defer r.mu.Unlock()
	keys := r.ordered()
	for i := range keys {
		if hint(keys[i].Public) == hello.ServerName {
			return &keys[i]
		}
	}
	return &keys[0]
}

// hint is a public key as a server name: that which a client hopes to meet (RFC 6066, 3). It is a digest, as a label has 63 bytes at
// most, and only a hint: what is presented is verified.
func hint(public string) string {
	sum := sha256.Sum256([]byte(public))
	return hex.EncodeToString(sum[:16]) + ".lbsync.invalid"
}
