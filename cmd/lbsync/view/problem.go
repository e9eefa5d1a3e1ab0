package view

// Problem is why a command did not do what it was asked.
type Problem struct {
	What   string // the error
	Remedy string // what to do; "" if the error says it
}

// Problem writes an error to stderr.
func (p *Printer) Problem(pr Problem) error {
	t := &Text{color: p.ColorErr}
	t.Line(Red.In("Error: "), Plain.In(pr.What))
	if pr.Remedy != "" {
		t.Linef("%s", pr.Remedy)
	}
	_, err := p.Err.Write(t.b.Bytes())
	return err
}
