package view

import (
	"fmt"
	"strings"

	"github.com/lbsync/lbsync/spec"
)

// spelled is the most changes of a step that the order line names one by one.
const spelled = 3

// order tells the steps of all directors: "1 add 192.0.2.23:6379 · 2 drain 192.0.2.21:6379".
func (d Diff) order() string {
	var parts []string
	for _, one := range d.Directors {
		for _, s := range one.Steps {
			if len(d.Directors) > 1 {
				parts = append(parts, fmt.Sprintf("%d %s %s", len(parts)+1, one.Director, s.words()))
			} else {
				parts = append(parts, fmt.Sprintf("%d %s", len(parts)+1, s.words()))
			}
		}
	}
	return strings.Join(parts, " · ")
}

func (s Step) words() string {
	if len(s.Changes) > spelled {
		return s.counts()
	}
	var out []string
	for _, c := range s.Changes {
		name := c.Name
		if c.Kind != spec.KindService && c.Kind != spec.KindRealServer {
			name = c.title()
		}
		out = append(out, c.verb()+" "+name)
	}
	return strings.Join(out, ", ")
}

// counts is "services: add 4, change 2".
func (s Step) counts() string {
	n := map[string]int{}
	var verbs, out []string
	for _, c := range s.Changes {
		if n[c.verb()]++; n[c.verb()] == 1 {
			verbs = append(verbs, c.verb())
		}
	}
	for _, v := range verbs {
		out = append(out, fmt.Sprintf("%s %d", v, n[v]))
	}
	return s.Phase + ": " + strings.Join(out, ", ")
}

// legend explains the symbols that were used, and says how much was left out.
func (d Diff) legend(t *Text) {
	used := map[spec.Action]bool{}
	unchanged := 0
	for _, one := range d.Directors {
		for _, c := range one.changes() {
			used[c.Action] = true
			unchanged += c.Unchanged
		}
	}
	var parts []string
	for _, a := range []spec.Action{spec.Add, spec.Edit, spec.Remove} {
		if used[a] {
			parts = append(parts, fmt.Sprintf("%c %s", a, legends[a]))
		}
	}
	line := strings.Join(parts, "   ")
	if unchanged > 0 {
		line += "   (" + plural(unchanged, "unchanged setting") + " hidden)"
	}
	t.Line(Dim.In(line))
}

var legends = map[spec.Action]string{spec.Add: "add", spec.Edit: "change in place", spec.Remove: "remove"}

// digests are the plans' digests, abbreviated as people compare them.
func (d Diff) digests() string {
	var out []string
	for _, one := range d.Directors {
		if len(one.Steps) == 0 {
			continue
		}
		short := one.Digest.String()[:len("sha256:")+12] + "…"
		if len(d.Directors) > 1 {
			short = one.Director + " " + short
		}
		out = append(out, short)
	}
	return strings.Join(out, ", ")
}
