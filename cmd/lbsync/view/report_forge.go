package view

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
)

// githubReport is a workflow command a line, which GitHub shows at the line of the merge request.
func githubReport(v Validation, dir, _ string) ([]byte, error) {
	var b strings.Builder
	for _, f := range v.Findings {
		at := ""
		if file := f.file(dir); file != "" {
			at = fmt.Sprintf("file=%s,line=%d,", githubProperty.Replace(file), max(1, f.Source.Line))
			if f.Source.Column > 0 {
				at += fmt.Sprintf("col=%d,", f.Source.Column)
			}
		}
		text := f.Detail
		if text == "" {
			text = f.Summary
		}
		fmt.Fprintf(&b, "::%s %stitle=%s::%s\n", f.Severity, at, githubProperty.Replace(f.Summary), githubText.Replace(text))
	}
	return []byte(b.String()), nil
}

// The characters that end a workflow command, or a property of it.
var (
	githubText     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// codeQuality is an issue of GitLab's code quality report.
type codeQuality struct {
	Description string          `json:"description"`
	CheckName   string          `json:"check_name"`
	Fingerprint string          `json:"fingerprint"`
	Severity    string          `json:"severity"`
	Location    qualityLocation `json:"location"`
}

type qualityLocation struct {
	Path  string `json:"path"`
	Lines struct {
		Begin uint32 `json:"begin"`
	} `json:"lines"`
}

// gitlabReport is GitLab's code quality report. It needs a place at each issue: what has none is put at the folder of the fleet.
func gitlabReport(v Validation, dir, _ string) ([]byte, error) {
	issues := []codeQuality{}
	for _, f := range v.Findings {
		c := codeQuality{Description: strings.TrimSpace(f.Summary + ". " + f.Detail), CheckName: f.rule(), Severity: "critical"}
		if f.Severity == "warning" {
			c.Severity = "minor"
		}
		c.Location.Path, c.Location.Lines.Begin = f.file(dir), 1
		if c.Location.Path == "" {
			c.Location.Path = dir
		} else {
			c.Location.Lines.Begin = max(1, f.Source.Line)
		}
		// Without the line, so that an issue that moved is the same one.
		sum := sha256.Sum256([]byte(c.CheckName + "\x00" + c.Location.Path + "\x00" + c.Description))
		c.Fingerprint = hex.EncodeToString(sum[:16])
		issues = append(issues, c)
	}
	return document(issues), nil
}
