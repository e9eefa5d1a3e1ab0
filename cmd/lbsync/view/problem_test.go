package view

import (
	"bytes"
	"errors"
	"testing"
)

func TestProblem(t *testing.T) {
	for _, c := range []struct {
		problem Problem
		want    string
	}{
		{Problem{What: "no such file"}, "Error: no such file\n"},
		{Problem{What: "no agent", Remedy: "Start it."}, "Error: no agent\nStart it.\n"},
		{Problem{What: errors.Join(errors.New("one"), errors.New("two")).Error()}, "Error: one\n  two\n"},
	} {
		var b bytes.Buffer
		if err := (&Printer{Err: &b}).Problem(c.problem); err != nil || b.String() != c.want {
			t.Errorf("%+v is printed as %q, %v, want %q", c.problem, b.String(), err, c.want)
		}
	}
}
