package view

import (
	"bytes"

	"github.com/owenrumney/go-sarif/v2/sarif"
)

// rulesPage describes the built-in rules.
const rulesPage = "https://github.com/lbsync/lbsync/blob/main/docs/policies.md"

// sarifReport is SARIF 2.1.0 (OASIS), which code scanning of forges reads.
func sarifReport(v Validation, dir, version string) ([]byte, error) {
	report, err := sarif.New(sarif.Version210)
	if err != nil {
		return nil, err
	}
	run := sarif.NewRunWithInformationURI("lbsync", "https://github.com/lbsync/lbsync")
	run.Tool.Driver.Version = &version
	for _, r := range v.rules() {
		rule := run.AddRule(r.Name).WithDescription(r.Meaning).WithDefaultConfiguration(sarif.NewReportingConfiguration().WithLevel(sarifLevel(r.Level == "advise")))
		if r.Name != schemaRule && r.Meaning != "" {
			rule.WithHelpURI(rulesPage + "#" + r.Name)
		}
	}
	for _, f := range v.Findings {
		text := f.Summary
		if f.Detail != "" {
			text += "\n" + f.Detail
		}
		result := sarif.NewRuleResult(f.rule()).WithLevel(sarifLevel(f.Severity == "warning")).WithMessage(sarif.NewTextMessage(text))
		if file := f.file(dir); file != "" {
			result.AddLocation(sarif.NewLocationWithPhysicalLocation(sarif.NewPhysicalLocation().
				WithArtifactLocation(sarif.NewSimpleArtifactLocation(file)).WithRegion(region(f.Source))))
		}
		run.AddResult(result)
	}
	report.AddRun(run)
	var b bytes.Buffer
	if err := report.PrettyWrite(&b); err != nil {
		return nil, err
	}
	b.WriteByte('\n')
	return b.Bytes(), nil
}

func region(s *Source) *sarif.Region {
	r := sarif.NewRegion().WithStartLine(max(1, int(s.Line)))
	if s.Column > 0 {
		r.WithStartColumn(int(s.Column))
	}
	return r
}

func sarifLevel(warning bool) string {
	if warning {
		return "warning"
	}
	return "error"
}
