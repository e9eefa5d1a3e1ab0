package view

import "github.com/lbsync/lbsync/spec"

// paths say of private services whose checks go through them, as documents have it.
type paths map[spec.ServiceKey]string

func pathsOf(s spec.Snapshot) paths {
	out := make(paths, len(s.Paths))
	for _, p := range s.Paths {
		out[p.Key] = p.Of.String()
	}
	return out
}

// of is empty for a service that is no private one. One that nothing is declared for any more is a check's all the same.
func (p paths) of(k spec.ServiceKey) string {
	switch text, known := p[k]; {
	case known:
		return text
	case k.Private():
		return "a real server that is not declared"
	}
	return ""
}

// pathCell says beside a mark that an object is no service of an operator, but the way of the checks of a real server.
func pathCell(c Cell, of string) Cell {
	switch {
	case of == "":
		return c
	case c.Text == "":
		return Dim.In("checks of " + of)
	}
	c.Text += ", checks of " + of
	return c
}

// ofChecks follows the key of a private service where it is one of many objects, so that nobody looks for it in git.
func ofChecks(k spec.ServiceKey) string {
	if k.Private() {
		return " (of checks)"
	}
	return ""
}
