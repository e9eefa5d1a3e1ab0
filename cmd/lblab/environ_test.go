package main

import (
	"slices"
	"strings"
	"testing"
)

func TestEnvironment(t *testing.T) {
	caller := map[string]string{"PATH": "/bin", "HOME": "/root", "SECRET": "x", "GOFLAGS": "-v"}
	lookup := func(name string) (string, bool) { v, found := caller[name]; return v, found }
	got, err := environment([]string{"GOFLAGS", "A=b=c"}, lookup)
	if want := []string{"PATH=/bin", "HOME=/root", "GOFLAGS=-v", "A=b=c"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("environment %v, %v, want %v", got, err, want)
	}
	if _, err := environment([]string{"NOPE"}, lookup); err == nil || !strings.Contains(err.Error(), "--env NOPE=VALUE") {
		t.Errorf("unset variable: %v", err)
	}
}

func TestLongRace(t *testing.T) {
	got := longRace([]string{"test", "-race", "./...", "--", "-race"})
	if want := []string{"test", "--race", "./...", "--", "-race"}; !slices.Equal(got, want) {
		t.Errorf("%v, want %v", got, want)
	}
}

func TestAbsoluteRefusesWhatCannotBeShared(t *testing.T) {
	for share, want := range map[string]string{"/no/such/folder": "share /no/such/folder: ", "environ_test.go": "it is no directory"} {
		if _, err := absolute([]string{share}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("share %s: %v", share, err)
		}
	}
}
