package spec

import "strings"

// Trailer is a line "Key: value" at the end of a commit's message.
type Trailer struct{ Key, Value string }

// Trailers are those of the commit: of the last paragraph of its body, if every line of it is one, or continues one with a blank at
// its begin (git-interpret-trailers(1)). What git writes beside them, "(cherry picked from commit …)", does not count.
func (c Commit) Trailers() []Trailer {
	body := strings.TrimSpace(strings.ReplaceAll(c.Body, "\r\n", "\n"))
	if i := strings.LastIndex(body, "\n\n"); i >= 0 {
		body = body[i+2:]
	}
	var out []Trailer
	for line := range strings.SplitSeq(body, "\n") {
		switch key, value, ok := strings.Cut(line, ":"); {
		case line == "" || strings.HasPrefix(line, "(cherry picked from commit "):
		case len(out) > 0 && (line[0] == ' ' || line[0] == '\t'):
			out[len(out)-1].Value += " " + strings.TrimSpace(line)
		case ok && trailerKey(key):
			out = append(out, Trailer{key, strings.TrimSpace(value)})
		default:
			return nil
		}
	}
	return out
}

func trailerKey(s string) bool {
	for _, c := range s {
		if !(c == '-' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z') {
			return false
		}
	}
	return s != ""
}

// trailersByKey are the values of each key, in lower case: git does not tell the cases apart.
func trailersByKey(all []Trailer) map[string][]string {
	out := map[string][]string{}
	for _, t := range all {
		key := strings.ToLower(t.Key)
		out[key] = append(out[key], t.Value)
	}
	return out
}
