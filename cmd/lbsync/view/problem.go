package view

import "strings"

// Problem is why a command did not do what it was asked.
type Problem struct {
	What   string // the error
	Remedy string // what to do; "" if the error says it
}

// Problem writes an error to stderr.
func (p *Printer) Problem(pr Problem) error {
	t := &Text{color: p.ColorErr}
	first, more, _ := strings.Cut(pr.What, "\n")
	t.Line(Red.In("Error: "), Plain.In(first))
	for line := range strings.Lines(more) { // of joined errors
		t.Linef("  %s", strings.TrimSuffix(line, "\n"))
	}
	if pr.Remedy != "" {
		t.Linef("%s", pr.Remedy)
	}
	_, err := p.Err.Write(t.b.Bytes())
	return err
}

// Warnings says on stderr how many there are and where they are shown; none is no line.
func (p *Printer) Warnings(n int, where string) error {
	if n == 0 {
		return nil
	}
	t := &Text{color: p.ColorErr}
	t.Line(Yellow.In(plural(n, "warning")), Plain.In("; "+where))
	_, err := p.Err.Write(t.b.Bytes())
	return err
}

// Note says on stderr what a person should know who reads the result.
func (p *Printer) Note(text string) error {
	t := &Text{color: p.ColorErr}
	t.Line(Bold.In("Note: "), Plain.In(text))
	_, err := p.Err.Write(t.b.Bytes())
	return err
}
