package engine

import (
	"errors"
	"fmt"

	"github.com/lbsync/lbsync/spec"
)

// nameMax bounds names, which have a fixed place in the page.
const nameMax = 64

// check says what is wrong with a wanted state, of which then nothing is taken: beside what rows say by themselves, what their way over
// the socket, the page and the secrets decide. What only the host decides, such as an interface that is missing, is no error: the
// instance is in Fault until it is there.
func check(v spec.VRRP, secrets map[string]string) error {
	if err := errors.Join(ordered(v.Instances), ordered(v.Peers), ordered(v.Addresses), ordered(v.Routes), ordered(v.Rules), ordered(v.Trackers), ordered(v.Follow), v.Check()); err != nil {
		return err
	}
	if len(v.Instances) > slotsMax {
		return fmt.Errorf("%d instances: an engine runs at most %d", len(v.Instances), slotsMax)
	}
	for _, row := range v.Instances {
		if row.Key == "" || len(row.Key) > nameMax || len(row.Value.SyncGroup) > nameMax {
			return fmt.Errorf("%s %q: names of instances and sync groups have 1 to %d bytes", spec.KindInstance, string(row.Key), nameMax)
		}
		if err := checkSecret(row.Value, secrets); err != nil {
			return fmt.Errorf("%s %s: %w", spec.KindInstance, row.Key, err)
		}
	}
	return nil
}

// ordered says whether rows are sorted and each key is there once, which finding and comparing rely on.
func ordered[K spec.RowKey[K], V spec.RowValue](rows spec.Rows[K, V]) error {
	for i := 1; i < len(rows); i++ {
		if rows[i-1].Key.Compare(rows[i].Key) >= 0 {
			return fmt.Errorf("%s %s: rows are out of order or twice there, behind %s", rows[i].Key.Kind(), rows[i].Key, rows[i-1].Key)
		}
	}
	return nil
}

func checkSecret(i spec.Instance, secrets map[string]string) error {
	if i.Secret == "" {
		return nil
	}
	s, ok := secrets[i.Secret]
	switch {
	case !ok:
		return fmt.Errorf("secret %q was not given", i.Secret)
	case s == "" || len(s) > 8:
		return fmt.Errorf("secret %q has %d bytes: 1 to 8 are possible", i.Secret, len(s))
	}
	return nil
}
