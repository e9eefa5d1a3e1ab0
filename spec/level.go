package spec

import (
	"github.com/hashicorp/hcl/v2"
	"github.com/lbsync/lbsync/spec/internal/schema"
)

// Level is what it means to break a policy.
type Level uint8

// The levels, each stricter than the one before.
const (
	Advise      Level = iota // said, and accepted
	Overridable              // refused, unless the commit says otherwise in a trailer, by an author whom the fleet allows it
	Deny                     // refused
)

var levelNames = names[Level]{"level", map[Level]string{Advise: "advise", Overridable: "overridable", Deny: "deny"}}

func (l Level) String() string { return levelNames.name(l) }

// Broken is the policy that a diagnostic is about; it is the diagnostic's Extra.
type Broken struct {
	Rule    string
	Level   Level
	Meaning string // of a built-in rule: what must hold, and why
	At      Pos    // of a rule that the fleet declares
}

// BrokenBy is the policy that a diagnostic is about; false where it is about the schema.
func BrokenBy(d *hcl.Diagnostic) (Broken, bool) {
	b, ok := d.Extra.(Broken)
	return b, ok
}

// DidYouMean is the end of a message about a name that there is not: the nearest one, or all there are.
func DidYouMean(name string, names []string) string { return schema.DidYouMean(name, names) }
