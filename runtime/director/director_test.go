package director

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/lbsync/lbsync/spec"
)

// script is a kernel that writes down what it was asked.
type script struct {
	calls []string
	err   error
	hold  chan struct{} // when set, a full read waits for it
}

func (s *script) ObserveFull(context.Context) (spec.State, error) {
	s.calls = append(s.calls, "full")
	if s.hold != nil {
		<-s.hold
	}
	return spec.State{Timeouts: spec.Rows[spec.TimeoutKey, spec.Seconds]{{Key: spec.TimeoutTCP, Value: 7}}}, s.err
}

func (s *script) ObserveFast(_ context.Context, last spec.State) (spec.State, error) {
	s.calls = append(s.calls, "fast")
	return last, s.err
}

func (s *script) Apply(_ context.Context, changes []spec.Change) []error {
	s.calls = append(s.calls, fmt.Sprint("apply ", len(changes)))
	return make([]error, len(changes))
}

func (s *script) Stats(context.Context, ...spec.ServiceKey) (spec.Stats, error) {
	s.calls = append(s.calls, "stats")
	return spec.Stats{}, s.err
}

func (s *script) Hold(keys ...spec.SysctlKey) { s.calls = append(s.calls, fmt.Sprint("hold ", keys)) }

func (s *script) Close() error { s.calls = append(s.calls, "close"); return nil }

func TestFastReadsBuildOnTheReadBefore(t *testing.T) {
	k := &script{}
	d := New(func() (Kernel, error) { return k, nil }, alone())
	observe := func(depth Depth) {
		t.Helper()
		s, err := d.Observe(t.Context(), depth)
		if err != nil || len(s.Timeouts) != 1 {
			t.Fatalf("Observe: %+v, %v", s, err)
		}
	}
	observe(Fast) // nothing is known yet
	observe(Fast)
	observe(Full)
	d.Apply(t.Context(), []spec.Change{{Before: spec.Dest{Weight: 1, Forward: spec.DR}, After: spec.Dest{Weight: 2, Forward: spec.DR}}})
	observe(Fast)
	want := []string{"full", "fast", "full", "apply 1", "fast"}
	if !slices.Equal(k.calls, want) {
		t.Errorf("calls %v, want %v", k.calls, want)
	}
}

// A fast read takes tunnels and persistence engines from the read before: after a change of these that one says nothing.
func TestFastReadsDoNotBuildOnWhatWasChanged(t *testing.T) {
	tunnel := spec.Dest{Forward: spec.Tun, Tunnel: spec.Tunnel{Type: spec.GUE, Port: 6080}}
	sip := spec.Service{Scheduler: "rr", Engine: "sip"}
	v6 := spec.ServiceKey{Proto: spec.TCP, Family: spec.IPv6}
	for _, c := range []spec.Change{{Key: v6, Action: spec.Add, After: spec.Service{}}, {Before: tunnel, After: spec.Dest{}}, {After: tunnel}, {Before: sip}, {Before: spec.Service{}, After: sip}} {
		k := &script{}
		d := New(func() (Kernel, error) { return k, nil }, alone())
		_, _ = d.Observe(t.Context(), Full)
		d.Apply(t.Context(), []spec.Change{{}, c})
		_, _ = d.Observe(t.Context(), Fast)
		if want := []string{"full", "apply 2", "full"}; !slices.Equal(k.calls, want) {
			t.Errorf("%v → %v: calls %v, want %v", c.Before, c.After, k.calls, want)
		}
	}
}

// A kernel that is opened anew has forgotten what it was told to observe.
func TestHeldSysctlsAreToldToEveryKernel(t *testing.T) {
	k := &script{err: errors.New("torn")}
	d := New(func() (Kernel, error) { return k, nil }, alone())
	d.Hold("net.core.somaxconn")
	for range 2 {
		_, _ = d.Observe(t.Context(), Full) // fails, so the next one opens the kernel again
	}
	want := []string{"hold [net.core.somaxconn]", "full", "close", "hold [net.core.somaxconn]", "full", "close"}
	if !slices.Equal(k.calls, want) {
		t.Errorf("calls %v, want %v", k.calls, want)
	}
}

func TestKernelIsOpenedWhenItCanBe(t *testing.T) {
	k := &script{}
	missing := errors.New("no ip_vs")
	d := New(func() (Kernel, error) { return k, missing }, alone())
	if _, err := d.Observe(t.Context(), Full); !errors.Is(err, missing) {
		t.Errorf("Observe: %v", err)
	}
	errs := d.Apply(t.Context(), make([]spec.Change, 2))
	if len(errs) != 2 || !errors.Is(errs[0], missing) || !errors.Is(errs[1], missing) {
		t.Errorf("Apply: %v", errs)
	}
	if _, err := d.Stats(t.Context()); !errors.Is(err, missing) {
		t.Errorf("Stats: %v", err)
	}
	missing = nil
	if s, err := d.Stats(t.Context()); err != nil || s.Version != spec.DocumentVersion {
		t.Errorf("Stats: %+v, %v", s, err)
	}
	if err := d.Close(); err != nil || !slices.Equal(k.calls, []string{"stats", "close"}) {
		t.Errorf("calls %v, %v", k.calls, err)
	}
}

func TestFailedReadOpensAnew(t *testing.T) {
	k, opened := &script{err: errors.New("short dump")}, 0
	d := New(func() (Kernel, error) { opened++; return k, nil }, alone())
	if s, err := d.Observe(t.Context(), Full); err == nil || !strings.Contains(err.Error(), "read kernel: short dump") || !reflect.DeepEqual(s, spec.State{}) {
		t.Errorf("Observe: %+v, %v", s, err)
	}
	k.err = nil
	if _, err := d.Observe(t.Context(), Fast); err != nil {
		t.Error(err)
	}
	if want := []string{"full", "close", "full"}; !slices.Equal(k.calls, want) || opened != 2 {
		t.Errorf("calls %v, opened %d times; want %v, 2", k.calls, opened, want)
	}
}

func TestWaitingForAnotherCallEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		k := &script{hold: make(chan struct{})}
		d := New(func() (Kernel, error) { return k, nil }, alone())
		go func() { _, _ = d.Observe(t.Context(), Full) }()
		synctest.Wait()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := d.Observe(ctx, Full); !errors.Is(err, context.Canceled) {
			t.Errorf("Observe: %v", err)
		}
		close(k.hold)
	})
}
