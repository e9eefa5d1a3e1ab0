package view

import (
	"regexp"
	"slices"
	"strings"

	"github.com/lbsync/lbsync/reconcile/journal"
	"github.com/lbsync/lbsync/spec"
)

// happened is what a record says became of an object: "add tcp 192.0.2.1:80: scheduler=rr" is what the agent did, "tcp 192.0.2.1:80
// changed outside git: scheduler wrr → rr" what somebody else did.
func happened(r journal.Record, name string) string {
	change := changed(r.Before, r.After)
	switch {
	case r.Event == journal.Drift && r.After == "":
		return name + " removed outside git"
	case r.Event == journal.Drift && r.Before == "":
		return name + " added outside git: " + change
	case r.Event == journal.Drift:
		return name + " changed outside git: " + change
	case r.Before == "" && r.After == "":
		return name
	case r.Before == "":
		return "add " + name + ": " + change
	case r.After == "":
		return "remove " + name + ": " + change
	}
	return name + ": " + change
}

// changed is what differs between two values as the journal has them, or the one that there is.
func changed(before, after string) string {
	if before == "" || after == "" {
		return before + after
	}
	was, is := settingsOf(before), settingsOf(after)
	var parts []string
	for _, a := range is {
		if old := valueOf(was, a.Name); old != a.Value {
			parts = append(parts, a.Name+" "+orNone(old)+" → "+a.Value)
		}
	}
	for _, b := range was {
		if valueOf(is, b.Name) == "" {
			parts = append(parts, b.Name+" "+b.Value+" → none")
		}
	}
	return strings.Join(parts, ", ")
}

var settingName = regexp.MustCompile(`(?:^| )([a-z_]+)=`)

// settingsOf takes "weight=3 forwarding=dr" apart; a value may hold blanks.
func settingsOf(text string) []spec.Attr {
	var out []spec.Attr
	at := settingName.FindAllStringSubmatchIndex(text, -1)
	for i, m := range at {
		end := len(text)
		if i+1 < len(at) {
			end = at[i+1][0]
		}
		out = append(out, spec.Attr{Name: text[m[2]:m[3]], Value: text[m[1]:end]})
	}
	return out
}

func valueOf(attrs []spec.Attr, name string) string {
	if i := slices.IndexFunc(attrs, func(a spec.Attr) bool { return a.Name == name }); i >= 0 {
		return attrs[i].Value
	}
	return ""
}
