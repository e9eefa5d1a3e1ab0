package view

import (
	"fmt"
	"maps"
	"path"
	"slices"
)

// reports are the forms in which machines read what validate found, beside the JSON document.
var reports = map[string]func(v Validation, dir, version string) ([]byte, error){
	"sarif":  sarifReport,
	"junit":  junitReport,
	"github": githubReport,
	"gitlab": gitlabReport,
}

// ReportKinds are the names of the reports, in order.
func ReportKinds() []string { return slices.Sorted(maps.Keys(reports)) }

// Report writes what was found in the form of that kind. dir is the folder of the fleet as the reader of the report sees it, mostly from
// the root of the repository.
func (v Validation) Report(kind, dir, version string) ([]byte, error) {
	write, known := reports[kind]
	if !known {
		return nil, fmt.Errorf("there is no report %q", kind)
	}
	return write(v, dir, version)
}

// schemaRule is what findings that are no policy's are counted under.
const schemaRule = "schema"

func (f Finding) rule() string {
	if f.Rule == "" {
		return schemaRule
	}
	return f.Rule
}

// file is where a finding stands as the reader of a report sees it; "" for nowhere.
func (f Finding) file(dir string) string {
	if f.Source == nil || f.Source.File == "" {
		return ""
	}
	return path.Join(dir, f.Source.File)
}

// rules are all that were judged, and what findings are counted under beside them.
func (v Validation) rules() []JudgedRule {
	return append([]JudgedRule{{Name: schemaRule, Level: "deny", Meaning: "The fleet is written as the schema says, and its blocks fit together."}}, v.Judged...)
}
