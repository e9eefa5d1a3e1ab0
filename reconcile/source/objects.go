package source

import (
	"cmp"
	"crypto/sha1" // the ids of objects
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"syscall"

	"github.com/go-git/go-billy/v5"
	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/storage/filesystem"
)

// cacheBytes is what unpacked objects may take; go-git's default of 96 MiB is most of an agent's memory.
const cacheBytes = 8 * cache.MiByte

// objects reads the objects of a mirror. go-git's storage is not safe for concurrent use, and never notices a new or a removed pack: hence the lock
// and reload. Every object is checked against its id: what is compiled is what the commit says.
type objects struct {
	disk  disk
	limit int64 // bytes of one object

	mu      sync.Mutex
	sto     *filesystem.Storage
	damaged error // first sign of damage
	// sizes are those of the files of the tree that was listed last: most are in the next one too, and go-git opens a file or unpacks a delta to tell one.
	sizes map[plumbing.Hash]int64
	// ready are contents that were read and checked ahead, each until it is asked for.
	ready map[plumbing.Hash][]byte
}

func openObjects(d disk, limit int64) *objects {
	return &objects{disk: d, limit: limit, sto: openStorage(osfs.New(string(d)), true)}
}

// openStorage does not set ExclusiveAccess: with it, HasEncodedObject finds no packed object (go-git v5.19.3, dotgit.hasObject). Kept descriptors make reads
// of many objects fast, but are shared without a lock: not for encode, which go-git runs in several goroutines.
func openStorage(folder billy.Filesystem, keepDescriptors bool) *filesystem.Storage {
	return filesystem.NewStorageWithOptions(folder, cache.NewObjectLRU(cacheBytes), filesystem.Options{KeepDescriptors: keepDescriptors})
}

// reload runs change while nobody reads, and forgets what was known of the packs.
func (o *objects) reload(change func() error) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	err := errors.Join(o.sto.Close(), change())
	o.sto = openStorage(osfs.New(string(o.disk)), true)
	return err
}

func (o *objects) has(h plumbing.Hash) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	err := o.sto.HasEncodedObject(h)
	if err != nil && !errors.Is(err, plumbing.ErrObjectNotFound) {
		// Kept for the next Fetch; whoever reads on meets it there.
		_ = o.note(h, err)
	}
	return err == nil
}

// size is the size of an object that must be here.
func (o *objects) size(h plumbing.Hash) (int64, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if n, ok := o.sizes[h]; ok {
		return n, nil
	}
	n, err := o.sto.EncodedObjectSize(h)
	return n, o.note(h, err)
}

// remember keeps the sizes of these files, and of no others.
func (o *objects) remember(files map[string]*entry) {
	sizes := make(map[plumbing.Hash]int64, len(files))
	for _, e := range files {
		if e.mode.IsRegular() {
			sizes[e.blob] = e.size
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.sizes = sizes
}

// read reads an object that must be here.
func (o *objects) read(h plumbing.Hash) (plumbing.EncodedObject, error) {
	kind, raw, err := o.content(h)
	if err != nil {
		return nil, err
	}
	mem := &plumbing.MemoryObject{}
	mem.SetType(kind)
	_, err = mem.Write(raw)
	return mem, err
}

// content is an object that must be here, checked against its id.
func (o *objects) content(h plumbing.Hash) (plumbing.ObjectType, []byte, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	n, err := o.sto.EncodedObjectSize(h)
	if err != nil {
		return 0, nil, o.note(h, err)
	}
	if n > o.limit {
		return 0, nil, tooLarge(fmt.Sprintf("read object %s", h), "it has %d bytes, the limit is %d", n, o.limit)
	}
	found, err := o.sto.EncodedObject(plumbing.AnyObject, h)
	if err != nil {
		return 0, nil, o.note(h, err)
	}
	raw, err := bytesOf(found)
	if id := idOf(found.Type(), raw); err == nil && id != h {
		err = fmt.Errorf("its content has the id %s", id)
	}
	return found.Type(), raw, o.note(h, err)
}

// idOf is the id of an object. It is to find what a disk did to it; who forges a collision is found when a pack is taken, by a sum that
// looks for that and takes many times as long.
func idOf(kind plumbing.ObjectType, raw []byte) (id plumbing.Hash) {
	h := sha1.New() // git's own
	_, _ = fmt.Fprintf(h, "%s %d\x00", kind, len(raw))
	_, _ = h.Write(raw)
	copy(id[:], h.Sum(nil))
	return id
}

func bytesOf(found plumbing.EncodedObject) ([]byte, error) {
	r, err := found.Reader()
	if err != nil {
		return nil, err
	}
	defer func() { _ = r.Close() }()
	raw := make([]byte, found.Size())
	if _, err := io.ReadFull(r, raw); err != nil {
		return nil, err
	}
	// A checksum of the compressed bytes stands behind the last of them.
	if n, err := io.Copy(io.Discard, r); err != nil || n > 0 {
		return nil, cmp.Or(err, fmt.Errorf("it goes on for %d bytes behind its end", n))
	}
	return raw, nil
}

// text is the content of a file.
func (o *objects) text(h plumbing.Hash) ([]byte, error) {
	o.mu.Lock()
	raw, ok := o.ready[h]
	delete(o.ready, h)
	o.mu.Unlock()
	if ok {
		return raw, nil
	}
	_, raw, err := o.content(h)
	return raw, err
}

// prepare reads and checks files ahead, but for those of the tree that was listed last, and no more than most bytes. What cannot be
// read is left to whoever asks for it.
func (o *objects) prepare(files []plumbing.Hash, most int64) {
	ready := map[plumbing.Hash][]byte{}
	for _, h := range files {
		if o.listed(h) {
			continue
		}
		n, err := o.size(h)
		if most -= n; err != nil || most < 0 {
			break
		}
		if raw, err := o.text(h); err == nil {
			ready[h] = raw
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.ready = ready
}

func (o *objects) listed(h plumbing.Hash) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, ok := o.sizes[h]
	return ok
}

// note remembers damage. Running out of descriptors or rights is no damage: cloning anew would not help.
func (o *objects) note(h plumbing.Hash, err error) error {
	if err == nil {
		return nil
	}
	call := "read object " + h.String() + " of mirror " + string(o.disk)
	if errors.Is(err, fs.ErrPermission) || errors.Is(err, syscall.EMFILE) || errors.Is(err, syscall.ENFILE) {
		return &Error{Call: call, Kind: ErrDisk, Cause: err, Remedy: "check permissions and the limit of open files"}
	}
	e := damage(call, err)
	if o.damaged == nil {
		o.damaged = e
	}
	return e
}

func damage(call string, err error) error {
	return &Error{Call: call, Kind: ErrDamaged, Cause: err, Remedy: "the next fetch that reaches the server moves it away and clones anew"}
}

func tooLarge(call, format string, args ...any) error {
	return &Error{Call: call, Kind: ErrTooLarge, Cause: fmt.Errorf(format, args...), Remedy: "raise the limit, or take the file out of the repository"}
}

// damage tells whether and why the mirror must be cloned anew.
func (o *objects) damage() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.damaged
}

func (o *objects) setDamage(err error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	// What a damaged mirror told is not believed after it was cloned anew.
	o.damaged, o.sizes, o.ready = err, nil, nil
}

// prefixed lists the objects whose id starts with the given hexadecimal digits.
func (o *objects) prefixed(hex string) ([]plumbing.Hash, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	whole := plumbing.NewHash(hex[:len(hex)/2*2] + strings.Repeat("0", 40-len(hex)/2*2))
	all, err := o.sto.HashesWithPrefix(whole[:len(hex)/2])
	// An object may lie in several packs.
	plumbing.HashesSort(all)
	return slices.DeleteFunc(slices.Compact(all), func(h plumbing.Hash) bool { return !strings.HasPrefix(h.String(), hex) }), err
}
