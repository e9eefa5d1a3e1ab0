package main

import (
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/lbsync/lbsync/cmd/lbsync/view"
)

// wantedReport is one --report.
type wantedReport struct{ kind, file string }

// reportsOf reads the values of --report: KIND, or KIND=FILE.
func reportsOf(values []string) ([]wantedReport, error) {
	var out []wantedReport
	onStdout := ""
	for _, v := range values {
		kind, file, named := strings.Cut(v, "=")
		switch {
		case !slices.Contains(view.ReportKinds(), kind):
			return nil, usagef("--report %s: there is no such report; possible are %s", v, strings.Join(view.ReportKinds(), ", "))
		case named && file == "":
			return nil, usagef("--report %s: write the file after the =", v)
		case !named && onStdout != "":
			return nil, usagef("--report %s and --report %s both go to stdout: write one to a file, %s=FILE", onStdout, kind, kind)
		case !named:
			onStdout = kind
		}
		out = append(out, wantedReport{kind, file})
	}
	return out, nil
}

// report writes what was found in every form that was asked for. dir is where the fleet's files are, for those who look from elsewhere.
func (a *app) report(v view.Validation, dir string, wanted []wantedReport) error {
	plain := true
	for _, w := range wanted {
		text, err := v.Report(w.kind, dir, version)
		if err != nil {
			return fmt.Errorf("write report %s: %w", w.kind, err)
		}
		if w.file != "" {
			err = os.WriteFile(w.file, text, 0o644)
		} else {
			plain, err = false, a.print.Raw(text)
		}
		if err != nil {
			return fmt.Errorf("write report %s: %w", w.kind, err)
		}
	}
	if plain {
		return a.print.Print(v)
	}
	return nil
}
