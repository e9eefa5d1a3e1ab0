package kernel

import "github.com/lbsync/lbsync/spec"

// AddRules adds virtual rules, tagged ProtoVRRP. Errors are in the order of rows; unix.EEXIST: there is an equal one.
func (l *Links) AddRules(rows spec.Rows[spec.RuleKey, spec.Rule]) []error {
	return make([]error, len(rows))
}

// DelRules removes virtual rules, only those tagged as ours. unix.ENOENT: it was not there.
func (l *Links) DelRules(rows spec.Rows[spec.RuleKey, spec.Rule]) []error {
	return make([]error, len(rows))
}

// Rules lists those tagged as ours. The kernel keeps neither instance nor name of a rule.
func (l *Links) Rules() ([]spec.Rule, error) { return nil, nil }
