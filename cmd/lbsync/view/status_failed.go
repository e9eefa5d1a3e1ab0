package view

import (
	"fmt"
	"slices"

	"github.com/lbsync/lbsync/spec"
)

// failed has one line for what fails alike: while the engine is away every address does, and the lines of one would hide all others.
func failed(all []spec.Failure) [][]Cell {
	var rows [][]Cell
	for len(all) > 0 {
		f := all[0]
		n := slices.IndexFunc(all, func(o spec.Failure) bool { return o.Kind != f.Kind || o.Action != f.Action || o.Error != f.Error })
		if n < 0 {
			n = len(all)
		}
		what := f.Action.String() + " " + object(f.Object)
		if n > 1 {
			what += fmt.Sprintf(" and %d more", n-1)
		}
		rows, all = append(rows, []Cell{Red.In("failed"), Plain.In(what), Plain.In(f.Error)}), all[n:]
	}
	return rows
}
