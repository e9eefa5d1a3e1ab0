package view

import (
	"encoding/xml"
	"testing"

	"github.com/owenrumney/go-sarif/v2/sarif"
)

func TestReports(t *testing.T) {
	diags, _ := mistakes(t)
	v := NewValidation(Coverage{Skipped: []SkippedRule{{"prevent-destroy", "no accepted commit to compare with"}},
		Judged: []JudgedRule{{"duplicate-syncid", "deny", "A syncid is used once."}, {"lone-sync-group", "advise", "A group has two."}, {"shared-address", "deny", "An address is held once."}}}, diags)
	for _, kind := range ReportKinds() {
		text, err := v.Report(kind, "fleet", "1.2.3")
		if err != nil {
			t.Fatal(err)
		}
		golden(t, "report_"+kind+".txt", text)
	}
	if _, err := v.Report("html", ".", ""); err == nil {
		t.Error("there is a report html")
	}
}

// What others read must be whole, whatever a finding says.
func TestReportsOfOddFindings(t *testing.T) {
	odd := Finding{Severity: "error", Summary: "a: b, 100 %\n::error::x", Detail: "<&>\"'\r\n]]>\x00", Source: &Source{File: "a,b:c%.hcl"}}
	v := Validation{Findings: []Finding{odd}}
	text, err := v.Report("sarif", "", "")
	if err != nil {
		t.Fatal(err)
	}
	back, err := sarif.FromBytes(text)
	if err != nil || len(back.Runs) != 1 || len(back.Runs[0].Results) != 1 || *back.Runs[0].Results[0].RuleID != schemaRule {
		t.Errorf("SARIF: %v\n%s", err, text)
	}
	if text, err = v.Report("junit", "", ""); err != nil {
		t.Fatal(err)
	}
	if err := xml.Unmarshal(text, new(struct{})); err != nil {
		t.Errorf("JUnit: %v\n%s", err, text)
	}
	text, _ = v.Report("github", "", "")
	if want := "::error file=a%2Cb%3Ac%25.hcl,line=1,title=a%3A b%2C 100 %25%0A%3A%3Aerror%3A%3Ax::<&>\"'%0D%0A]]>\x00\n"; string(text) != want {
		t.Errorf("GitHub: %q, want %q", text, want)
	}
}
