package schema

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
)

// unknownAttr reports an attribute that a block does not have, and returns the one that was probably meant.
func (d *Decoder) unknownAttr(in *Info, name string, rng hcl.Range) string {
	var names []string
	for _, a := range in.Attrs {
		names = append(names, a.Name)
	}
	for _, b := range in.Blocks {
		if b.Name == name {
			d.Error(rng, "Block written as an attribute", fmt.Sprintf("%s is a block: write %s { … } without =.", name, header(b)))
			return ""
		}
	}
	meant, detail := "", fmt.Sprintf("%s has no attribute %q.", article(in.Name, true), name)
	switch {
	case d.Refused[name] != "":
		detail += " " + d.Refused[name]
	case counterpart(in, name) != "":
		meant = counterpart(in, name)
		detail += fmt.Sprintf(" Write %s, as keepalived's %s is called here.", meant, name)
	case d.Foreign[name] != "":
		detail += " " + d.Foreign[name]
	default:
		meant = Nearest(name, names)
		detail += didYouMean(name, names)
	}
	d.Error(rng, "Unknown attribute", detail)
	return meant
}

// counterpart is the attribute of this block that stands for a foreign word.
func counterpart(in *Info, word string) string {
	for _, a := range in.Attrs {
		for w := range strings.SplitSeq(a.Keepalived, ", ") {
			if w == word {
				return a.Name
			}
		}
	}
	return ""
}

func (d *Decoder) unknownBlock(in *Info, b *hclsyntax.Block) {
	var names []string
	for _, n := range in.Blocks {
		names = append(names, n.Name)
	}
	for _, a := range in.Attrs {
		if a.Name == b.Type {
			d.Error(b.TypeRange, "Attribute written as a block", fmt.Sprintf("%s is an attribute: write %s = … without braces around it.", a.Name, a.Name))
			return
		}
	}
	detail := fmt.Sprintf("%s has no block %q.", article(in.Name, true), b.Type)
	switch {
	case d.Refused[b.Type] != "":
		detail += " " + d.Refused[b.Type]
	case d.Foreign[b.Type] != "":
		detail += " " + d.Foreign[b.Type]
	default:
		detail += didYouMean(b.Type, names)
	}
	d.Error(b.TypeRange, "Unknown block", detail)
}

func header(b *Info) string {
	if b.Label != nil {
		return b.Name + ` "…"`
	}
	return b.Name
}

// didYouMean is the end of a message about an unknown name: the nearest one, or all there are.
func didYouMean(name string, names []string) string {
	if len(names) == 0 {
		return ""
	}
	if n := Nearest(name, names); n != "" {
		return fmt.Sprintf(" Did you mean %q?", n)
	}
	if len(names) > 50 {
		return ""
	}
	if len(names) == 1 {
		return fmt.Sprintf(" Possible is only %q.", names[0])
	}
	return " Possible are " + strings.Join(names, ", ") + "."
}

// DidYouMean is the end of a message about an unknown name: the nearest one, or all there are.
func DidYouMean(name string, names []string) string { return didYouMean(name, names) }

// maxCandidates is among how many names one is looked for.
const maxCandidates = 4096

// Nearest is the most similar of some names; "" if none is similar. A third of the letters may be wrong, and at least one; a word
// that begins another is similar to it.
func Nearest(name string, names []string) string {
	if len(names) > maxCandidates {
		return ""
	}
	best, at := "", max(1, len(name)/3)+1
	for _, n := range names {
		if d := distance(name, n); d < at {
			best, at = n, d
		}
	}
	if best == "" && len(name) >= 4 {
		for _, n := range names {
			if strings.HasPrefix(n, name) || strings.HasPrefix(name, n) && len(n) >= 4 {
				return n
			}
		}
	}
	return best
}

// distance is the number of letters to add, remove, replace or swap with their neighbour (optimal string alignment).
func distance(a, b string) int {
	var before []int
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := 1; i <= len(a); i++ {
		next := make([]int, len(b)+1)
		next[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			next[j] = min(row[j]+1, next[j-1]+1, row[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				next[j] = min(next[j], before[j-2]+1)
			}
		}
		before, row = row, next
	}
	return row[len(b)]
}

var samples = map[Kind]string{
	String: `"…"`, Int: "1", Bool: "true", Duration: `"10s"`, Address: `"192.0.2.1"`, Group: `"224.0.0.81"`, Prefix: `"192.0.2.1/32"`,
	AddrPort: `"192.0.2.1:80" or "[2001:db8::1]:80"`, Span: `"192.0.2.1", "192.0.2.1-192.0.2.9" or "192.0.2.0/24"`, Text: `"…"`, Secret: `secret("name")`, Percent: "99.9",
}

// sample is a value that an attribute could have.
func sample(a *Attr) string {
	if a.Kind == Word {
		return `"` + a.Words[0] + `"`
	}
	return samples[a.Kind]
}

func example(a *Attr) string {
	s := sample(a)
	if a.List {
		s = "[" + s + "]"
	}
	if a.Kind == Word {
		return " Write " + a.Name + " = one of " + strings.Join(a.Words, ", ") + "."
	}
	return " Write " + a.Name + " = " + s + "."
}

// article puts "a" or "an" before a noun.
func article(s string, upper bool) string {
	a := "a"
	if upper {
		a = "A"
	}
	if strings.ContainsRune("aeiou", rune(s[0])) {
		a += "n"
	}
	return a + " " + s
}

func lowerFirst(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if next, _ := utf8.DecodeRuneInString(s[n:]); unicode.IsUpper(next) {
		return s // an abbreviation
	}
	return string(unicode.ToLower(r)) + s[n:]
}
