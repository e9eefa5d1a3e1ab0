package identity

import (
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
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
	read     fs.FileInfo       // of the file that was read last; nil when there was none
	failed   error             // of reading it; what was read before is kept
	declared []string          // as Declare was told
	liked    map[string]string // by address: public key of ours that was taken there, or is to be tried next
	hoped    map[string]int    // by address: which of the expected keys is hoped for
}

// Open reads the keys of a file; see Read for its errors.
func Open(path string) (*Keyring, error) {
	r := At(path)
	if len(r.keys) == 0 {
		return nil, r.failed
	}
	return r, nil
}

// At is the keys of a file that may come later: Reload looks for it, and Problem says what is missing.
func At(path string) *Keyring {
	r := &Keyring{path: path, liked: map[string]string{}, hoped: map[string]int{}}
	r.load()
	return r
}

// Reload reads the file again if it is another one than was read last, and says whether there are other keys now. While it cannot be
// read, the keys from before are presented.
func (r *Keyring) Reload() (changed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	info, err := os.Stat(r.path)
	if err == nil && r.failed == nil && same(info, r.read) {
		return false
	}
	was := r.publics()
	r.load()
	return !slices.Equal(was, r.publics())
}

func same(a, b fs.FileInfo) bool {
	return b != nil && os.SameFile(a, b) && a.ModTime().Equal(b.ModTime()) && a.Size() == b.Size() && a.Mode() == b.Mode()
}

func (r *Keyring) load() {
	info, _ := os.Stat(r.path) // before reading: what changes in between is read once more; an error comes again
	keys, err := Read(r.path)
	r.read, r.failed = info, err
	if err == nil {
		r.keys = keys
	}
}

// Declare tells which public keys the fleet says are this one's, the most wanted first. If that is not known the file is read again:
// so a new key may be put into it at any time before the fleet declares it.
func (r *Keyring) Declare(public ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.declared = public
	if len(public) > 0 && !r.known(public[0]) {
		r.load()
	}
}

// Problem is why the key that the fleet declares cannot be presented, or could not after a restart; nil when it can, or when it
// declares none.
func (r *Keyring) Problem() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case len(r.declared) == 0:
		return nil
	case len(r.keys) == 0:
		return fmt.Errorf("the fleet declares the key %s for this director, which has none: %w; put it there, or make one with lbsync keygen and merge its public_key", r.declared[0], r.failed)
	case r.failed != nil:
		return fmt.Errorf("%w; what was read before is still presented, and a restart would lose it", r.failed)
	case !r.known(r.declared[0]):
		return fmt.Errorf("the fleet declares the key %s for this director, and %s holds %s: put the key that belongs to it there, or correct public_key", r.declared[0], r.path, strings.Join(r.publics(), ", "))
	}
	return nil
}

// ErrNoKey is a key file without a key that could be presented.
var ErrNoKey = errors.New("this director has no key")

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

// clientKey is for an address that which was liked there; else the first.
func (r *Keyring) clientKey(address string) (*Key, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	keys := r.ordered()
	if len(keys) == 0 {
		return nil, fmt.Errorf("%w: %w", ErrNoKey, r.failed)
	}
	if at := slices.IndexFunc(keys, func(k Key) bool { return k.Public == r.liked[address] }); at >= 0 {
		return &keys[at], nil
	}
	return &keys[0], nil
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
func (r *Keyring) serverKey(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	keys := r.ordered()
	if len(keys) == 0 {
		return nil, fmt.Errorf("%w: %w", ErrNoKey, r.failed)
	}
	for i := range keys {
		if hint(keys[i].Public) == hello.ServerName {
			return &keys[i].cert, nil
		}
	}
	return &keys[0].cert, nil
}

// hint is a public key as a server name: that which a client hopes to meet (RFC 6066, 3). It is a digest, as a label has 63 bytes at
// most, and only a hint: what is presented is verified.
func hint(public string) string {
	sum := sha256.Sum256([]byte(public))
	return hex.EncodeToString(sum[:16]) + ".lbsync.invalid"
}
