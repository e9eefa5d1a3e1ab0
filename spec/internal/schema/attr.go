// Package schema reads HCL blocks into Go values by tables. A table says of each attribute its name, type, range, default and
// meaning; from it come the decoding, the messages with their suggestions, and the reference, which therefore cannot disagree.
//
// It walks hclsyntax's tree itself: gohcl and hcldec cost thirty times as much on a large fleet.
package schema

import (
	"fmt"
	"strings"
	"time"
)

// Kind is the type of an attribute.
type Kind uint8

// The kinds.
const (
	String   Kind = iota
	Word          // one of Attr.Words
	Int           // whole number within Min..Max
	Bool          //
	Duration      // "1.5s", within Min..Max nanoseconds
	Address       // IP address of a host
	Group         // multicast IP address
	Prefix        // "192.0.2.1/24"; a plain address is a prefix of full length
	AddrPort      // "192.0.2.1", "192.0.2.1:80" or "[2001:db8::1]:80"
	Span          // "192.0.2.1", "192.0.2.1-192.0.2.9" or "192.0.2.0/24"
	Text          // string, number or bool, kept as text
	Secret        // secret("name")
	Percent       // number within Min..Max, with decimals or without
	Expr          // an expression, kept as it is written for whoever asks it
)

var kindWords = [...]string{"string", "word", "number", "bool", "duration", "address", "multicast address", "prefix", "address and port", "address, range or network", "text", "secret", "number", "expression"}

// Attr describes one attribute of a block, or its label.
type Attr struct {
	Name        string
	Kind        Kind
	Min, Max    int64 // Int: the range; Duration: nanoseconds; Max 0 is no bound
	Step        time.Duration
	Words       []string
	MaxLen      int  // String: bytes
	List        bool // a list of them
	Map         bool // a map of them, by free key
	PerDirector bool // one value, or a map by director
	Required    bool
	Unless      []string // required too, unless one of these attributes is written
	Default     string   // as it would be written; "" is none
	Doc         string
	Keepalived  string // its words for it, separated by ", "
}

// Type is the type as the reference writes it.
func (a Attr) Type() string {
	t := kindWords[a.Kind]
	if a.List {
		t = "list of " + t
	}
	if a.Map {
		t = "map of " + t
	}
	if a.PerDirector {
		t += ", or map by director"
	}
	return t
}

// Range is the set of values as the reference writes it; "" if every value of the type will do.
func (a Attr) Range() string {
	switch {
	case len(a.Words) > 0:
		return strings.Join(a.Words, ", ")
	case (a.Kind == Int || a.Kind == Percent) && a.Max > 0:
		return fmt.Sprintf("%d to %d", a.Min, a.Max)
	case a.Kind == Duration && a.Max > 0:
		s := fmt.Sprintf("%s to %s", Written(time.Duration(a.Min)), Written(time.Duration(a.Max)))
		if a.Step > 0 {
			s += ", in steps of " + Written(a.Step)
		}
		return s
	case a.MaxLen > 0:
		return fmt.Sprintf("at most %d characters", a.MaxLen)
	}
	return ""
}

// Written is a duration without the zero parts that time.Duration's String adds: "1h", not "1h0m0s".
func Written(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = s[:len(s)-2]
	}
	if strings.HasSuffix(s, "h0m") {
		s = s[:len(s)-2]
	}
	return s
}

// Info describes a block without its Go type: what the reference, the messages and completion need.
type Info struct {
	Name       string
	Label      *Attr
	Doc        string
	Keepalived string
	Attrs      []Attr
	Blocks     []*Info
}
