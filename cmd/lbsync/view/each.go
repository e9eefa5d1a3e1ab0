package view

import "encoding/json"

// Each is the same document of several directors. Its JSON form is an array.
type Each []Section

// Section is what one director says, or why it says nothing.
type Section struct {
	director string
	doc      Document // nil: there is none
	silence  unanswered
}

// unanswered stands in the array for a director that was asked in vain.
type unanswered struct {
	Head
	Director string `json:"director"`
	Error    string `json:"error"`
}

const unansweredKind = "unanswered"

// NewSection is the document of a director, or the error in its place.
func NewSection(director string, doc Document, err error) Section {
	s := Section{director: director, doc: doc}
	if err != nil {
		s.doc, s.silence = nil, unanswered{head(unansweredKind), director, err.Error()}
	}
	return s
}

// MarshalJSON is the document as the director's own host would show it.
func (s Section) MarshalJSON() ([]byte, error) {
	if s.doc == nil {
		return json.Marshal(s.silence)
	}
	return json.Marshal(s.doc)
}

// Text writes the sections with their directors.
func (e Each) Text(t *Text) {
	for i, s := range e {
		if i > 0 {
			t.Linef("")
		}
		if s.doc == nil {
			t.Line(Bold.In(s.director), Red.In("  no answer: "), Plain.In(s.silence.Error))
			continue
		}
		t.Line(Bold.In(s.director))
		s.doc.Text(t)
	}
}
