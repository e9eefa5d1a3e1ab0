package spec

import (
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"

	"github.com/lbsync/lbsync/spec/internal/schema"
)

// AttrDoc describes an attribute for completion and documentation.
type AttrDoc struct {
	Name, Type, Range, Default, Doc string
	Required                        bool
	Keepalived                      []string // its words for it
}

// BlockDoc describes a block for completion and documentation.
type BlockDoc struct {
	Path  []string // names of the blocks around it, and its own
	Label string   // what its label is called; "" if it has none
	Doc   string
	Attrs []AttrDoc
}

// Schema walks over all blocks of a fleet and of the agent's own file, each before those inside it.
func Schema() iter.Seq[BlockDoc] {
	return func(yield func(BlockDoc) bool) {
		for _, b := range append(slices.Clone(topBlocks), schema.DynamicInfo(), agentBlock.Info()) {
			if !walk(b, nil, yield) {
				return
			}
		}
	}
}

func walk(b *schema.Info, path []string, yield func(BlockDoc) bool) bool {
	doc := BlockDoc{Path: append(slices.Clone(path), b.Name), Doc: b.Doc}
	if b.Label != nil {
		doc.Label = b.Label.Name
	}
	for _, a := range b.Attrs {
		d := AttrDoc{Name: a.Name, Type: a.Type(), Range: a.Range(), Default: a.Default, Doc: a.Doc, Required: a.Required}
		if a.Keepalived != "" {
			d.Keepalived = strings.Split(a.Keepalived, ", ")
		}
		doc.Attrs = append(doc.Attrs, d)
	}
	if !yield(doc) {
		return false
	}
	for _, inner := range b.Blocks {
		if !walk(inner, doc.Path, yield) {
			return false
		}
	}
	return true
}

// SchemaReference is the reference of the schema in Markdown.
func SchemaReference() string {
	var b strings.Builder
	b.WriteString(referenceHead)
	seen := map[string]bool{}
	for doc := range Schema() {
		if name := doc.Path[len(doc.Path)-1]; !seen[name] || len(doc.Path) == 1 {
			seen[name] = true
			writeBlock(&b, doc)
		}
	}
	writeCollections(&b)
	writeExpressions(&b)
	writeForeign(&b)
	writeRefused(&b)
	return b.String()
}

const referenceHead = `# The schema of a fleet

Generated from the code's own tables by ` + "`lbsync schema`" + `: do not edit.

Durations are strings with a unit ("10ms", "1.5s", "5m"), addresses are strings. "Or map by director" means that
` + "`priority = 100`" + ` may be written ` + "`priority = { lb1 = 100, lb2 = 101 }`" + `. An attribute without a default that is not required is off,
or left as the kernel has it, when it is not written.
`

func writeBlock(b *strings.Builder, doc BlockDoc) {
	name := doc.Path[len(doc.Path)-1]
	if doc.Label != "" {
		name += fmt.Sprintf(" %q", doc.Label)
	}
	fmt.Fprintf(b, "\n## %s\n\n%s", name, doc.Doc)
	if len(doc.Path) > 1 {
		fmt.Fprintf(b, " Stands in `%s`.", strings.Join(parents(doc.Path[len(doc.Path)-1]), "`, `"))
	}
	b.WriteString("\n")
	if len(doc.Attrs) == 0 {
		return
	}
	b.WriteString("\n| attribute | type | values | default | meaning |\n|---|---|---|---|---|\n")
	for _, a := range doc.Attrs {
		def := ""
		switch {
		case a.Required:
			def = "**required**"
		case a.Default != "":
			def = "`" + a.Default + "`"
		}
		fmt.Fprintf(b, "| `%s` | %s | %s | %s | %s |\n", a.Name, a.Type, a.Range, def, a.Doc)
	}
}

func writeExpressions(b *strings.Builder) {
	b.WriteString("\n## Expressions\n\nValues may be computed, with the syntax of HCL. Functions:\n\n")
	fmt.Fprintf(b, "`%s`\n", strings.Join(schema.Functions(), "`, `"))
	fmt.Fprintf(b, `
`+"`cidrhost(prefix, n)`, `cidrsubnet(prefix, newbits, n)` and `cidrnetmask(prefix)`"+` are Terraform's. `+"`file(path)`"+` reads a file below the folder of the
fleet, of at most %d KiB. `+"`secret(name)`"+` stands for a file of the director's secrets folder; its text is never part of the fleet.

Limits: %d MiB, %d files and %d blocks in a fleet, %d KiB in a block without the virtual servers and instances of a cluster, %d locals, %d elements
or %d KiB of text in a value, %d blocks from one dynamic block, %d services from one virtual_server, %d in a fleet.
`, MaxFile>>10, MaxFleetSize>>20, MaxFiles, MaxBlocks, MaxBlockSize>>10, MaxLocals, 4*schema.MaxElements, schema.MaxText>>10, schema.MaxDynamic, MaxServices, MaxFleetServices)
}

// parents are the blocks in which a block may stand.
func parents(name string) []string {
	var out []string
	for doc := range Schema() {
		if n := len(doc.Path); n > 1 && doc.Path[n-1] == name && !slices.Contains(out, doc.Path[n-2]) {
			out = append(out, doc.Path[n-2])
		}
	}
	return out
}

func writeForeign(b *strings.Builder) {
	b.WriteString("\n## From keepalived\n\nWords that are not in these two tables have the same name here, or no counterpart.\n\n| keepalived | lbsync |\n|---|---|\n")
	rows := map[string]string{}
	for _, top := range topBlocks {
		foreignRows(rows, top)
	}
	for _, word := range slices.Sorted(maps.Keys(rows)) {
		fmt.Fprintf(b, "| `%s` | %s |\n", word, rows[word])
	}
}

func foreignRows(rows map[string]string, info *schema.Info) {
	for word := range strings.SplitSeq(info.Keepalived, ", ") {
		if word != "" && rows[word] == "" {
			rows[word] = "block `" + info.Name + "`"
		}
	}
	for _, a := range info.Attrs {
		for word := range strings.SplitSeq(a.Keepalived, ", ") {
			if word != "" && rows[word] == "" {
				rows[word] = fmt.Sprintf("`%s` in `%s`", a.Name, info.Name)
			}
		}
	}
	for _, inner := range info.Blocks {
		foreignRows(rows, inner)
	}
}

func writeRefused(b *strings.Builder) {
	b.WriteString("\n## Refused, because …\n\n| word | why, or what to do |\n|---|---|\n")
	for _, word := range slices.Sorted(maps.Keys(refused)) {
		fmt.Fprintf(b, "| `%s` | %s |\n", word, upperFirst(refused[word]))
	}
}
