package agent

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
)

// held is what the director holds on to, whatever becomes of the process, of git and of the kernel.
type held struct {
	marks
	View  *spec.View // what the commit says for this director; nil before the first
	Owned reconcile.Owned
}

// marks are the part of held that is encoded as it is.
type marks struct {
	Serial      uint64      // counts the generations
	Commit      spec.Commit // last known good; zero before the first
	At          time.Time   // when it was applied
	Whole       bool        // every change of it was made
	HighWater   string      // id of the newest commit accepted from the branch
	Pin         *pin
	Suspension  *spec.Suspension
	Overrides   []spec.Override      // made here
	Heard       []spec.Override      // made by the other directors, as last heard
	Brakes      map[string]time.Time // that are on, as pool.Pools.On has them
	Drains      []spec.Drain         // by key
	Trial       *trial               // Commit is applied, and its probes are awaited
	Late        bool                 // some changes of Commit wait, or waited, for the other directors
	Confirmed   string               // id of the commit whose probes held last; of one that needed no trial too
	ConfirmedAt time.Time            // when; zero when an earlier version of lbsync did
	Proven      spec.Commit          // to which a later one is taken back
	Reverted    *spec.Reverted       // the branch's tip, or one before it, that was taken back
	Rebooted    string               // id of the commit in whose trial the machine went down
	Released    string               // id of the commit for which nobody who does not answer is waited for
	Journal     journal.Head         // the journal's last record when this was written
	Broken      *spec.Problem        // what was found wrong with the journal, until an operator accepts it
}

// pin is a pin, and for a rollback what ends it.
type pin struct {
	Pin        spec.Pin
	Quarantine spec.Digest // rendering of the commit that was left
	Tip        string      // id of the branch's tip at the time: it was there when the operator decided
}

// intent is what was begun: it is on disk before the kernel is touched, and counts until held has its serial.
type intent struct {
	Serial uint64
	Commit spec.Commit
	Plan   spec.Digest
	Owned  reconcile.Owned // claimed for it
	Boot   string          // run of the machine
	Trial  *trial          // that it begins
}

// The formats, first line of each file. A change of the structs below needs a new number, a field that may be zero does not: gob
// passes over what one side has not.
const (
	heldFormat   = "lbsync held 2\n"
	intentFormat = "lbsync intent 2\n"
	intentName   = "intent"
)

type heldFile struct {
	Marks       marks
	View, Owned []byte
}

type intentFile struct {
	Serial uint64
	Commit spec.Commit
	Plan   spec.Digest
	Owned  []byte
	Boot   string
	Trial  *trial
}

// heldName alternates between two files, so that the generation before stays whole while the next is written.
func heldName(serial uint64) string { return fmt.Sprintf("held.%d", serial%2) }

// ownedText is the text of the owned objects that was written last: mostly the next is the same.
type ownedText struct {
	of   reconcile.Owned
	text []byte
}

func (t *ownedText) marshal(o reconcile.Owned) ([]byte, error) {
	if t.text != nil && t.of.Equal(o) {
		return t.text, nil
	}
	text, err := o.MarshalText()
	if err != nil {
		return nil, fmt.Errorf("encode owned objects: %w", err)
	}
	*t = ownedText{o, text}
	return text, nil
}

func (s *store) save(h held) error {
	f := heldFile{Marks: h.marks}
	var err error
	if h.View != nil {
		if f.View, err = h.View.Encode(); err != nil {
			return fmt.Errorf("encode last known good: %w", err)
		}
	}
	if f.Owned, err = s.owned.marshal(h.Owned); err != nil {
		return err
	}
	return s.write(heldName(h.Serial), heldFormat, f)
}

// load reads the newest generation that is sound; damaged are the errors of those that are not. The zero held means that there is
// none, and one with a commit and no view that another version of lbsync encoded the view: what an operator decided must not be
// lost with it. Of an older one nothing but the checksum and the marks is looked at.
func (s *store) load() (newest held, damaged []error) {
	var files []*heldFile
	for serial := range uint64(2) {
		f := &heldFile{}
		switch err := s.read(heldName(serial), heldFormat, f); {
		case err == nil:
			files = append(files, f)
		case !errors.Is(err, fs.ErrNotExist):
			damaged = append(damaged, err)
		}
	}
	slices.SortFunc(files, func(a, b *heldFile) int { return cmp.Compare(b.Marks.Serial, a.Marks.Serial) })
	for _, f := range files {
		h, err := f.held()
		if err == nil {
			return h, damaged
		}
		damaged = append(damaged, fmt.Errorf("read %s: %w", heldName(f.Marks.Serial), err))
		if errors.Is(err, spec.ErrOtherVersion) {
			return h, damaged
		}
	}
	return held{}, damaged
}

func (f *heldFile) held() (held, error) {
	h := held{marks: f.Marks}
	if err := h.Owned.UnmarshalText(f.Owned); err != nil || f.View == nil {
		return h, err
	}
	v, err := spec.DecodeView(f.View)
	if err != nil {
		return h, err
	}
	h.View = &v
	return h, nil
}

func (s *store) intend(i intent) error {
	owned, err := s.owned.marshal(i.Owned)
	if err != nil {
		return err
	}
	return s.write(intentName, intentFormat, intentFile{i.Serial, i.Commit, i.Plan, owned, i.Boot, i.Trial})
}

// unfinished is the intent that stands beyond a generation of held; nil when what was begun was also ended. The kernel is not touched
// before the intent is whole, so one that is damaged is said and then counts as none.
func (s *store) unfinished(after uint64) (*intent, error) {
	var f intentFile
	err := s.read(intentName, intentFormat, &f)
	if errors.Is(err, fs.ErrNotExist) || err == nil && f.Serial != after+1 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	i := intent{Serial: f.Serial, Commit: f.Commit, Plan: f.Plan, Boot: f.Boot, Trial: f.Trial}
	if err := i.Owned.UnmarshalText(f.Owned); err != nil {
		return nil, fmt.Errorf("read %s: %w", intentName, err)
	}
	return &i, nil
}
