package main

import (
	"bytes"
	"cmp"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/rogpeppe/go-internal/diff"

	"github.com/lbsync/lbsync/cmd/lbsync/view"
	"github.com/lbsync/lbsync/spec"
)

// splice is a piece of a file's text and what is to stand in its place.
type splice struct {
	from, to int
	text     string
}

// permanent is the edit of a fleet that gives overridden real servers the weights that they have now.
func permanent(fsys fs.FS, v spec.View, overrides []spec.OverrideStatus) ([]view.OverrideEdit, string, error) {
	edits, splices := []view.OverrideEdit{}, map[string][]splice{}
	for _, o := range overrides {
		e := view.OverrideEdit{RealServer: o.Key.String(), After: o.Weight}
		r, pos, ok := v.RealServer(o.Key)
		if !ok {
			e.Note = "this fleet has no such real server"
			edits = append(edits, e)
			continue
		}
		text, err := fs.ReadFile(fsys, pos.File)
		if err != nil {
			return nil, "", err
		}
		e.Source, e.Before = view.NewSource(pos), &r.Dest.Weight
		s, ok := weighing(text, pos, o.Weight)
		switch {
		case !ok:
			e.Note = "it comes from a dynamic block: edit it by hand"
		case slices.ContainsFunc(splices[pos.File], func(x splice) bool { return x.from == s.from }):
			e.Note = "its block is edited already: it stands for several services"
		default:
			splices[pos.File] = append(splices[pos.File], s)
			if others := v.SharedBy(o.Key) - 1; others > 0 {
				e.Note = fmt.Sprintf("the block stands for %d more services, whose weight this changes too", others)
			}
		}
		edits = append(edits, e)
	}
	patch, err := patched(fsys, splices)
	return edits, patch, err
}

// weighing is the edit of the real_server block at a place; false when none stands there.
func weighing(text []byte, at spec.Pos, weight int32) (splice, bool) {
	file, diags := hclsyntax.ParseConfig(text, at.File, hcl.InitialPos)
	if diags.HasErrors() {
		return splice{}, false
	}
	b := labelled(file.Body.(*hclsyntax.Body), at)
	if b == nil {
		return splice{}, false
	}
	if a, ok := b.Body.Attributes["weight"]; ok {
		r := a.Expr.Range()
		return splice{r.Start.Byte, r.End.Byte, fmt.Sprint(weight)}, true
	}
	from, to := b.OpenBraceRange.End.Byte, b.CloseBraceRange.Start.Byte
	if inside := strings.TrimSpace(string(text[from:to])); inside == "" {
		return splice{from, to, fmt.Sprintf(" weight = %d ", weight)}, true
	}
	if b.OpenBraceRange.Start.Line == b.CloseBraceRange.Start.Line {
		// HCL takes one attribute on one line.
		return splice{from, to, fmt.Sprintf("\nweight = %d\n%s\n", weight, strings.TrimSpace(string(text[from:to])))}, true
	}
	return splice{from, from, fmt.Sprintf("\nweight = %d", weight)}, true
}

// labelled is the real_server block whose label stands at a place.
func labelled(body *hclsyntax.Body, at spec.Pos) *hclsyntax.Block {
	for _, b := range body.Blocks {
		if b.Type == "real_server" && len(b.LabelRanges) == 1 {
			if s := b.LabelRanges[0].Start; s.Line == int(at.Line) && s.Column == int(at.Col) {
				return b
			}
		}
		if found := labelled(b.Body, at); found != nil {
			return found
		}
	}
	return nil
}

func patched(fsys fs.FS, splices map[string][]splice) (string, error) {
	var out bytes.Buffer
	for _, name := range slices.Sorted(maps.Keys(splices)) {
		was, err := fs.ReadFile(fsys, name)
		if err != nil {
			return "", err
		}
		now := slices.Clone(was)
		list := splices[name]
		slices.SortFunc(list, func(a, b splice) int { return cmp.Compare(b.from, a.from) }) // from the end, so that places stay
		for _, s := range list {
			now = slices.Concat(now[:s.from], []byte(s.text), now[s.to:])
		}
		if bytes.Equal(spec.FormatHCL(was), was) {
			now = spec.FormatHCL(now)
		}
		out.Write(diff.Diff("a/"+name, was, "b/"+name, now))
	}
	return out.String(), nil
}
