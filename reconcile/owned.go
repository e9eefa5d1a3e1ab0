package reconcile

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/lbsync/lbsync/spec"
)

// Owned is the set of services and sync daemons that lbsync has put into the kernel or taken over. The real servers of a service go
// with it. Only what is owned is ever removed. What the engine holds is not listed: nobody but lbsync gives it anything. The zero Owned
// is empty; an Owned is never altered in place.
//
// It lives in the state folder, and the kernel is written between its two updates: Claim before the first step, so that a crash cannot
// leave a service in the kernel that is then taken for someone else's, and Keep after the last.
type Owned struct {
	services []spec.ServiceKey // sorted
	daemons  []spec.Role       // sorted
}

// Claim adds all that is wanted.
func (o Owned) Claim(want spec.State) Owned {
	return Owned{services: union(o.services, want.Services), daemons: union(o.daemons, want.Daemons)}
}

// Keep drops what the kernel does not hold: it was removed, by a plan or by hand. Who adds it again by hand owns it.
func (o Owned) Keep(live spec.State) Owned {
	return Owned{services: present(o.services, live.Services), daemons: present(o.daemons, live.Daemons)}
}

// Equal says whether two sets are the same, so that an unchanged one need not be written.
func (o Owned) Equal(p Owned) bool {
	return slices.Equal(o.services, p.services) && slices.Equal(o.daemons, p.daemons)
}

// Len is the number of services and sync daemons.
func (o Owned) Len() int { return len(o.services) + len(o.daemons) }

// Has says whether an object is lbsync's. A real server is as its service is; what the engine holds always is; a timeout or sysctl is
// nobody's.
func (o Owned) Has(k spec.Key) bool {
	switch k := k.(type) {
	case spec.ServiceKey:
		_, ok := slices.BinarySearchFunc(o.services, k, spec.ServiceKey.Compare)
		return ok
	case spec.DestKey:
		return o.Has(k.Service)
	case spec.Role:
		return slices.Contains(o.daemons, k)
	}
	return spec.IsVRRP(k)
}

// same says whether a list has the keys of rows and no others.
func same[K spec.RowKey[K], V spec.RowValue](have []K, rows spec.Rows[K, V]) bool {
	if len(have) != len(rows) {
		return false
	}
	for i := range have {
		if have[i] != rows[i].Key {
			return false
		}
	}
	return true
}

// union merges two sorted lists.
func union[K spec.RowKey[K], V spec.RowValue](have []K, rows spec.Rows[K, V]) []K {
	if same(have, rows) {
		return have
	}
	out := make([]K, 0, len(have)+len(rows))
	for i := range rows {
		k := rows[i].Key
		for len(have) > 0 && have[0].Compare(k) < 0 {
			out, have = append(out, have[0]), have[1:]
		}
		if len(have) > 0 && have[0] == k {
			have = have[1:]
		}
		out = append(out, k)
	}
	return append(out, have...)
}

// present is what two sorted lists have in common.
func present[K spec.RowKey[K], V spec.RowValue](have []K, rows spec.Rows[K, V]) []K {
	if same(have, rows) {
		return have
	}
	var out []K
	for _, k := range have {
		for len(rows) > 0 && rows[0].Key.Compare(k) < 0 {
			rows = rows[1:]
		}
		if len(rows) > 0 && rows[0].Key == k {
			out = append(out, k)
		}
	}
	return out
}

// MarshalText writes one object a line: its kind, then its key.
func (o Owned) MarshalText() ([]byte, error) {
	var b []byte
	for _, k := range o.services {
		b = append(k.AppendText(append(b, spec.KindService+" "...)), '\n')
	}
	for _, r := range o.daemons {
		b = append(append(append(b, spec.KindSyncDaemon+" "...), r.String()...), '\n')
	}
	return b, nil
}

// UnmarshalText reads what MarshalText wrote. The order of lines does not matter; a line that is cut off is an error, since what it
// named would be taken for foreign.
func (o *Owned) UnmarshalText(text []byte) error {
	var out Owned
	if len(text) > 0 && !bytes.HasSuffix(text, []byte("\n")) {
		return fmt.Errorf("owned objects: the last line is cut off")
	}
	n := 0
	for line := range strings.Lines(string(text)) {
		n++
		if err := out.parse(strings.TrimSuffix(line, "\n")); err != nil {
			return fmt.Errorf("owned objects, line %d: %w", n, err)
		}
	}
	slices.SortFunc(out.services, spec.ServiceKey.Compare)
	slices.Sort(out.daemons)
	out.services, out.daemons = slices.Compact(out.services), slices.Compact(out.daemons)
	*o = out
	return nil
}

func (o *Owned) parse(line string) error {
	if key, ok := strings.CutPrefix(line, string(spec.KindService)+" "); ok {
		k, err := spec.ParseServiceKey(key)
		o.services = append(o.services, k)
		return err
	}
	if key, ok := strings.CutPrefix(line, string(spec.KindSyncDaemon)+" "); ok {
		var r spec.Role
		if err := r.UnmarshalText([]byte(key)); err != nil || r == spec.RoleUnknown {
			return fmt.Errorf("sync daemon %q: want \"master\" or \"backup\"", key)
		}
		o.daemons = append(o.daemons, r)
		return nil
	}
	return fmt.Errorf("%q: want \"%s KEY\" or \"%s ROLE\"", line, spec.KindService, spec.KindSyncDaemon)
}
