package reconciletest

import "github.com/lbsync/lbsync/spec"

// Fault decides whether an operation fails: n counts the operations of the target's whole life from 0. Nil lets it through.
type Fault func(n int, c spec.Change) error

// Crash is the value with which CrashAt panics.
type Crash struct{ N int }

// FailAt makes operation n fail.
func FailAt(n int, err error) Fault {
	return func(i int, _ spec.Change) error {
		if i == n {
			return err
		}
		return nil
	}
}

// FailKey makes every operation on one object fail.
func FailKey(k spec.Key, err error) Fault {
	return func(_ int, c spec.Change) error {
		if c.Key == k {
			return err
		}
		return nil
	}
}

// CrashAt panics with a Crash before operation n is made, as a killed process would end there.
func CrashAt(n int) Fault {
	return func(i int, _ spec.Change) error {
		if i == n {
			panic(Crash{n})
		}
		return nil
	}
}

// Inject sets the faults of all later operations; none ends them.
func (t *Target) Inject(faults ...Fault) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults = faults
}

func (t *Target) fault(n int, c spec.Change) error {
	for _, f := range t.faults {
		if err := f(n, c); err != nil {
			return err
		}
	}
	return nil
}
