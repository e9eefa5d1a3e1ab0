package kernel

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// TestEachLine: however the kernel cuts the table, its lines are whole.
func TestEachLine(t *testing.T) {
	table := "Pro FromIP\n" + strings.Repeat("TCP C0000232 9C40\nUDP x\n", 20_000)
	want := strings.Split(strings.TrimSuffix(table, "\n"), "\n")[1:]
	var got []string
	err := eachLine(t.Context(), iotest.HalfReader(strings.NewReader(table)), func(line []byte) error {
		got = append(got, string(line))
		return nil
	})
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%d lines of %d, error %v", len(got), len(want), err)
	}
}

func TestEachLineEnds(t *testing.T) {
	enough := errors.New("enough")
	lines := 0
	err := eachLine(t.Context(), strings.NewReader("heading\na\nb\nc\n"), func([]byte) error {
		if lines++; lines == 2 {
			return enough
		}
		return nil
	})
	if !errors.Is(err, enough) || lines != 2 {
		t.Errorf("%d lines, error %v", lines, err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	err = eachLine(ctx, iotest.OneByteReader(strings.NewReader("heading\na\nb\n")), func([]byte) error { cancel(); return nil })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
	if err := eachLine(t.Context(), strings.NewReader(strings.Repeat("x", 2*tableRead)), nil); err == nil {
		t.Error("a line without end is read")
	}
}
