package view

import (
	"cmp"
	"strings"
	"unicode/utf8"

	"github.com/lbsync/lbsync/spec"
)

// nameInInstance is the part of a key that is read beneath its instance; "" when the object is read alone.
func nameInInstance(k spec.Key) string {
	switch k := k.(type) {
	case spec.PeerKey:
		return k.Addr.String()
	case spec.AddressKey:
		return k.Prefix.String()
	case spec.RouteKey:
		return strings.TrimPrefix(k.String(), k.Instance.String()+" route ")
	case spec.RuleKey:
		return k.Name
	case spec.TrackerKey:
		return string(k.Watch) + " " + k.Name
	}
	return ""
}

// instance is that of an instance, and of what belongs to one.
func (c Change) instance() string {
	if c.Kind == spec.KindInstance {
		return c.Key
	}
	return c.Instance
}

// group is the service or the instance that a change is shown with; "" when it is shown alone.
func (c Change) group() string {
	if c.Kind == spec.KindService {
		return c.Key
	}
	return cmp.Or(c.Service, c.instance())
}

// inGroup says whether a change is shown beneath its group, and is not the group itself.
func (c Change) inGroup() bool { return c.Service+c.Instance != "" }

// heading stands above what belongs to a group that itself does not change.
func (c Change) heading() string {
	if c.Instance != "" {
		return string(spec.KindInstance) + " " + c.Instance
	}
	return c.Service
}

// detailWidth is where a long detail goes on in the next line: an instance has more settings than a line has room for.
const detailWidth = 80

// inLines breaks a detail between two settings.
func inLines(detail string) []string {
	var out []string
	line := ""
	for part := range strings.SplitSeq(detail, ", ") {
		switch {
		case line == "":
			line = part
		case utf8.RuneCountInString(line+", "+part) > detailWidth:
			out, line = append(out, line+","), part
		default:
			line += ", " + part
		}
	}
	return append(out, line)
}
