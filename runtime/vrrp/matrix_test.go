package vrrp_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestMatrix: what docs/vrrp-conformance.md says of this room is true of its tests.
func TestMatrix(t *testing.T) {
	text, err := os.ReadFile("../../docs/vrrp-conformance.md")
	if err != nil {
		t.Fatal(err)
	}
	tests := ownTests(t)
	named := map[string]bool{}
	for _, row := range strings.Split(string(text), "\n") {
		cells := strings.Split(row, "|")
		if len(cells) < 7 || !strings.Contains(cells[4], "vrrp") {
			continue
		}
		for _, name := range regexp.MustCompile("`((Test|Fuzz)[^`]+)`").FindAllStringSubmatch(cells[5], -1) {
			named[name[1]] = true
		}
		if strings.Contains(cells[6], "kept") && !strings.Contains(cells[5], "`") {
			t.Errorf("kept without a test: %s", row)
		}
	}
	for name := range tests {
		if regexp.MustCompile(`^Test[VW]\d\d_`).MatchString(name) && !named[name] {
			t.Errorf("%s is not in the matrix", name)
		}
	}
	checkNamed(t, named, tests)
}

// checkNamed looks for the tests that the matrix names in this room.
func checkNamed(t *testing.T, named, tests map[string]bool) {
	for name := range named {
		script, isScript := strings.CutPrefix(name, "TestScripts/")
		if isScript {
			if _, err := os.Stat(filepath.Join("testdata", script+".txt")); err != nil {
				t.Error(err)
			}
		} else if !tests[name] && ownName(name) {
			t.Errorf("the matrix names %s, which does not exist", name)
		}
	}
}

// ownName leaves out the tests of other rooms that share a row: theirs are named with their package.
func ownName(name string) bool { return !strings.Contains(name, ".") }

func ownTests(t *testing.T) map[string]bool {
	files, err := filepath.Glob("*_test.go")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range regexp.MustCompile(`(?m)^func ((Test|Fuzz)\w+)\(`).FindAllStringSubmatch(string(text), -1) {
			out[f[1]] = true
		}
	}
	return out
}
