package spec

import (
	"iter"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/zclconf/go-cty/cty"
)

type changeItem struct {
	Change
	director string
	owner    func() owner
}

// owner is what an object belongs to.
type owner struct{ cluster, server string }

var fieldType = cty.Object(map[string]cty.Type{"before": cty.String, "after": cty.String})

var changeItems = collectionOf("changes", "What the commit changes on each director, compared with the accepted commit: the objects of `lbsync diff`. A director knows its own changes only.",
	"DIRECTOR: KIND OBJECT", []field[changeItem]{
		isText("director", "Name of the director", func(c *changeItem) string { return c.director }),
		isText("action", "add, edit or remove", func(c *changeItem) string { return c.Action.String() }),
		isText("kind", "Kind of the object: service, real server, sync daemon, timeout, sysctl, instance, …", func(c *changeItem) string { return string(c.Key.Kind()) }),
		isText("object", "The object, \"tcp 192.0.2.100:6379 > 192.0.2.21:6379\"", func(c *changeItem) string { return c.Key.String() }),
		isText("risk", "none, drains, sync gap, resets connections or VRRP transition", func(c *changeItem) string { return c.Risk.String() }),
		isValue("fields", cty.Map(fieldType), "What differs, by name: before and after as text, null where there is none", func(c *changeItem) cty.Value {
			all := map[string]Field{}
			for _, f := range c.Fields() {
				all[f.Name] = f
			}
			return mapValue(fieldType, all, func(f Field) cty.Value {
				return cty.ObjectVal(map[string]cty.Value{"before": textOrNull(f.Before), "after": textOrNull(f.After)})
			})
		}),
		isTextOrNull("cluster", "Name of the cluster it belongs to", func(c *changeItem) string { return c.owner().cluster }),
		isTextOrNull("virtual_server", "Name of the virtual_server it belongs to", func(c *changeItem) string { return c.owner().server }),
	}, func(s *Subject) iter.Seq[sighted[changeItem]] {
		owners := sync.OnceValue(s.owners)
		return func(yield func(sighted[changeItem]) bool) {
			for _, director := range slices.Sorted(maps.Keys(s.Changes)) {
				for _, c := range s.Changes[director] {
					x := changeItem{c, director, func() owner { return owners().of(c.Key, director) }}
					if !yield(sighted[changeItem]{director + ": " + string(c.Key.Kind()) + " " + c.Key.String(), c.Pos, x}) {
						return
					}
				}
			}
		}
	})

// owners are what services and instances belong to, and the cluster whose connection sync a director runs: in the fleet, or else in
// what directors held before.
type owners struct {
	byKey map[Key]owner
	syncs map[string]owner
}

func (s *Subject) owners() owners {
	o := owners{map[Key]owner{}, map[string]owner{}}
	for i := range s.Priors {
		for n := range s.Priors[i].Clusters {
			o.add(&s.Priors[i].Clusters[n])
		}
	}
	for n := range s.Fleet.Clusters {
		o.add(&s.Fleet.Clusters[n])
	}
	return o
}

func (o owners) add(c *Cluster) {
	for _, v := range c.VirtualServers {
		for k := range v.Def.EachKey() {
			o.byKey[k] = owner{c.Name, v.Def.Name}
		}
	}
	for _, i := range c.Instances {
		o.byKey[InstanceKey(i.Def.Name)] = owner{cluster: c.Name}
	}
	for _, d := range c.Directors {
		if c.Sync != nil {
			o.syncs[d] = owner{cluster: c.Name}
		}
	}
}

func (o owners) of(k Key, director string) owner {
	if whole := PartOf(k); whole != nil {
		k = whole
	}
	if k.Kind() == KindSyncDaemon {
		return o.syncs[director]
	}
	return o.byKey[k]
}

// commitAttrs describe `commit`.
var commitAttrs = []itemAttr{
	{"id", cty.String, "Full id"},
	{"author", cty.String, "Name of the author"},
	{"email", cty.String, "Address of the author. Whoever may push can write any: signatures are not checked"},
	{"signer", cty.String, "Who signed it; null, since signatures are not checked"},
	{"subject", cty.String, "First paragraph of the message"},
	{"body", cty.String, "The rest of the message"},
	{"trailers", cty.Map(textsType), "Trailers of the message, keys in lower case: each a list, since it may stand several times"},
	{"time", timeType, "Time of the author, with the author's zone: year, month, day, hour and minute as numbers, weekday as \"mon\" to \"sun\", rfc3339 as text"},
}

var timeType = cty.Object(map[string]cty.Type{
	"year": cty.Number, "month": cty.Number, "day": cty.Number, "hour": cty.Number, "minute": cty.Number, "weekday": cty.String, "rfc3339": cty.String,
})

func commitType() cty.Type {
	attrs := map[string]cty.Type{}
	for _, a := range commitAttrs {
		attrs[a.name] = a.typ
	}
	return cty.Object(attrs)
}

func commitValue(c *Commit) cty.Value {
	return cty.ObjectVal(map[string]cty.Value{
		"id": cty.StringVal(c.ID), "author": cty.StringVal(c.Author), "email": cty.StringVal(c.Email), "signer": cty.NullVal(cty.String),
		"subject": cty.StringVal(c.Subject), "body": cty.StringVal(c.Body), "time": timeValue(c.When),
		"trailers": mapValue(textsType, trailersByKey(c.Trailers()), textsValue),
	})
}

func timeValue(t time.Time) cty.Value {
	n := func(n int) cty.Value { return cty.NumberIntVal(int64(n)) }
	return cty.ObjectVal(map[string]cty.Value{
		"year": n(t.Year()), "month": n(int(t.Month())), "day": n(t.Day()), "hour": n(t.Hour()), "minute": n(t.Minute()),
		"weekday": cty.StringVal(weekdays[t.Weekday()]), "rfc3339": cty.StringVal(t.Format(time.RFC3339)),
	})
}
