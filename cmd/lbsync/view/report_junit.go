package view

import (
	"encoding/xml"
	"fmt"
	"strings"
)

// junitReport has a test case for each rule: it fails where the rule refuses, and what it advises stands in its output. The form is the
// one of Ant's JUnit task, which the forges read.
func junitReport(v Validation, dir, _ string) ([]byte, error) {
	suite := junitSuite{Name: "lbsync validate"}
	for _, r := range v.rules() {
		c := junitCase{Class: "lbsync", Name: r.Name}
		for _, f := range v.Findings {
			if f.rule() == r.Name {
				c.add(f, dir)
			}
		}
		suite.add(c)
	}
	for _, s := range v.Skipped {
		suite.add(junitCase{Class: "lbsync", Name: s.Rule, Skipped: &junitMessage{Message: s.Why}})
	}
	out, err := xml.MarshalIndent(struct {
		XMLName xml.Name `xml:"testsuites"`
		Suites  []junitSuite
	}{Suites: []junitSuite{suite}}, "", "  ")
	if err != nil {
		return nil, err
	}
	return append([]byte(xml.Header), append(out, '\n')...), nil
}

type junitSuite struct {
	XMLName  xml.Name `xml:"testsuite"`
	Name     string   `xml:"name,attr"`
	Tests    int      `xml:"tests,attr"`
	Failures int      `xml:"failures,attr"`
	Skipped  int      `xml:"skipped,attr"`
	Cases    []junitCase
}

type junitCase struct {
	XMLName xml.Name       `xml:"testcase"`
	Class   string         `xml:"classname,attr"`
	Name    string         `xml:"name,attr"`
	Failure []junitMessage `xml:"failure"`
	Skipped *junitMessage  `xml:"skipped"`
	Output  string         `xml:"system-out,omitempty"`
}

type junitMessage struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

func (s *junitSuite) add(c junitCase) {
	s.Cases = append(s.Cases, c)
	s.Tests++
	if len(c.Failure) > 0 {
		s.Failures++
	}
	if c.Skipped != nil {
		s.Skipped++
	}
}

func (c *junitCase) add(f Finding, dir string) {
	where := ""
	if file := f.file(dir); file != "" {
		where = fmt.Sprintf("%s:%d: ", file, f.Source.Line)
	}
	if f.Severity == "error" {
		c.Failure = append(c.Failure, junitMessage{Message: f.Summary, Text: where + f.Detail})
		return
	}
	c.Output += where + f.Summary + "\n" + strings.TrimSpace(f.Detail) + "\n"
}
