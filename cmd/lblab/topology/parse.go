package topology

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// statement is one logical line, with the line numbers of its words for errors.
type statement struct {
	words []string
	lines []int
}

func (s *statement) add(words []string, line int) {
	for _, w := range words {
		s.words = append(s.words, w)
		s.lines = append(s.lines, line)
	}
}

// parser collects every error of a file, so that one run shows them all.
type parser struct {
	file   string
	result Topology
	names  map[string]int // of segments and nodes, with the line
	errs   []error
}

// Parse reads a topology; file is its name in errors.
func Parse(file, text string) (Topology, error) {
	p := parser{file: file, names: map[string]int{}}
	statements := p.statements(text)
	for _, s := range statements {
		if s.words[0] == "segment" {
			p.segment(s)
		}
	}
	for _, s := range statements {
		switch s.words[0] {
		case "segment":
		case "node":
			p.node(s)
		default:
			p.fail(s.lines[0], "unknown statement %q; use segment or node", s.words[0])
		}
	}
	if len(statements) == 0 {
		p.fail(1, "no statement; begin with a segment and a node")
	}
	return p.result, errors.Join(p.errs...)
}

func (p *parser) fail(line int, format string, args ...any) {
	p.errs = append(p.errs, fmt.Errorf("%s:%d: %s", p.file, line, fmt.Sprintf(format, args...)))
}

func (p *parser) statements(text string) []statement {
	var all []statement
	number := 0
	for line := range strings.Lines(text) {
		number++
		content, _, _ := strings.Cut(line, "#")
		words := strings.Fields(content)
		switch {
		case len(words) == 0:
		case content[0] != ' ' && content[0] != '\t':
			all = append(all, statement{})
			fallthrough
		case len(all) > 0:
			all[len(all)-1].add(words, number)
		default:
			p.fail(number, "continuation of nothing; begin the first statement without blanks")
		}
	}
	return all
}

func (p *parser) segment(s statement) {
	if len(s.words) != 2 {
		p.fail(s.lines[0], "a segment has a name and nothing else; write: segment NAME")
		return
	}
	if p.name(s.words[1], s.lines[1]) {
		p.result.Segments = append(p.result.Segments, s.words[1])
	}
}

// name of a segment or node: it becomes a namespace and an interface, so the kernel's limit of 15 characters holds.
var validName = regexp.MustCompile(`^[a-z][a-z0-9-]{0,14}$`)

// reserved are words that mean something else before "=".
var reserved = []string{"lo", "default", "route", "sysctl"}

func (p *parser) name(name string, line int) bool {
	first, taken := p.names[name]
	switch {
	case !validName.MatchString(name):
		p.fail(line, "bad name %q; use up to 15 of a-z, 0-9 and -, a letter first", name)
	case slices.Contains(reserved, name):
		p.fail(line, "the name %q has a meaning of its own; choose another", name)
	case taken:
		p.fail(line, "the name %q is taken in line %d; segments and nodes share one set of names", name, first)
	default:
		p.names[name] = line
		return true
	}
	return false
}
