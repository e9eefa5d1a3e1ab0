package spec

import (
	"fmt"
	"slices"
	"strings"
)

// checkKeys finds what directors and operators cannot share: a key says who somebody is, an endpoint where one director is reached.
func (l *load) checkKeys(d *draft) {
	holder, at := map[string]string{}, map[string]string{}
	for _, x := range d.Directors {
		who := fmt.Sprintf("director %q", x.Def.Name)
		l.held(holder, x.Def.PublicKey, who, x.Place.Pos(x.Def.At))
		if !x.Def.Endpoint.IsValid() {
			continue
		}
		endpoint := x.Def.Endpoint.String()
		if other := at[endpoint]; other != "" && other != who {
			l.report.at(x.Place.Pos(x.Def.At), "Endpoint used twice", fmt.Sprintf("%s is the endpoint of %s already, and one address and port reach one director: correct one of the two.", endpoint, other))
		}
		at[endpoint] = who
	}
	for _, o := range d.operators {
		l.held(holder, o.Def.PublicKey, fmt.Sprintf("operator %q", o.Def.Name), o.Place.Pos(o.Def.At))
	}
}

func (l *load) held(holder map[string]string, key, who string, at Pos) {
	if other := holder[key]; key != "" && other != "" && other != who {
		l.report.at(at, "Key used twice", fmt.Sprintf("%s has this public_key already, and a key says who somebody is: give each its own (lbsync keygen).", other))
		return
	}
	holder[key] = who
}

// sortedOperators are the operators by name.
func sortedOperators(placed []Placed[Operator]) []Operator {
	var out []Operator
	for _, o := range placed {
		out = append(out, *o.Def)
	}
	slices.SortStableFunc(out, func(a, b Operator) int { return strings.Compare(a.Name, b.Name) })
	return out
}
