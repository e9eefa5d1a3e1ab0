package spec

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/zclconf/go-cty/cty"
)

// writeCollections is what the expressions of policies may use.
func writeCollections(b *strings.Builder) {
	b.WriteString(`
## What policies see

Beside locals and functions, the expressions of a ` + "`policy`" + ` may use these collections, which are maps, and ` + "`commit`" + `. With ` + "`for_each = virtual_servers`" + ` an
element is ` + "`each.value`" + `, and its key ` + "`each.key`" + `. Durations are numbers of seconds. A value that is "not known" makes a condition that needs it fail, so that
nothing passes by mistake. A rule sees the attributes whose names stand in its own text.
`)
	for _, c := range collections {
		fmt.Fprintf(b, "\n### %s\n\n%s The key is %s.\n", c.name, c.doc, c.key)
		writeItemAttrs(b, c.attrs)
	}
	b.WriteString("\n### commit\n\nThe commit that brings the fleet.\n")
	writeItemAttrs(b, commitAttrs)
}

func writeItemAttrs(b *strings.Builder, attrs []itemAttr) {
	b.WriteString("\n| attribute | type | meaning |\n|---|---|---|\n")
	for _, a := range attrs {
		fmt.Fprintf(b, "| `%s` | %s | %s |\n", a.name, typeWord(a.typ), a.doc)
	}
}

// typeWord is a type as the reference writes it; that of an object lists its attributes.
func typeWord(t cty.Type) string {
	switch {
	case t.IsListType():
		return "list of " + typeWord(t.ElementType())
	case t.IsMapType():
		return "map of " + typeWord(t.ElementType())
	case t.IsObjectType():
		return "{ " + strings.Join(slices.Sorted(maps.Keys(t.AttributeTypes())), ", ") + " }"
	}
	return t.FriendlyName()
}
