package view

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
)

// Document is the result of a command. Its JSON form is its exported fields; its text form is what Text writes.
type Document interface {
	Text(t *Text)
}

// Head stands first in every JSON document. Version changes only when a field is renamed, removed or gets another meaning.
type Head struct {
	Version int    `json:"version"`
	Kind    string `json:"kind"`
}

func head(kind string) Head { return Head{Version: 1, Kind: kind} }

// Printer writes documents to Out and diagnostics to Err, in the form and with the colours that the caller chose.
type Printer struct {
	Out, Err           io.Writer
	JSON               bool
	ColorOut, ColorErr bool
	Width              int // columns of the terminal, to wrap diagnostics; 0 is 80
}

// Print writes one document.
func (p *Printer) Print(d Document) error {
	if !p.JSON {
		t := &Text{color: p.ColorOut}
		d.Text(t)
		_, err := p.Out.Write(t.b.Bytes())
		return err
	}
	_, err := p.Out.Write(document(d))
	return err
}

// Raw writes bytes that are a result as they stand, such as a formatted file.
func (p *Printer) Raw(b []byte) error {
	_, err := p.Out.Write(b)
	return err
}

func document(d any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false) // keys hold ">"
	enc.SetIndent("", "  ")
	if err := enc.Encode(d); err != nil {
		panic(fmt.Sprintf("encode %T: %v", d, err)) // documents are plain values
	}
	return b.Bytes()
}
