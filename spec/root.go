package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/lbsync/lbsync/spec/internal/schema"
)

// localsInfo describes the block `locals` for messages and the reference.
var localsInfo = &schema.Info{Name: "locals", Doc: "Values with names of your own, used as local.NAME. There may be any number of these blocks, in any file."}

// topBlocks are what may stand at the top of a file.
var topBlocks = []*schema.Info{directorBlock.Info(), clusterBlock.Info(), operatorBlock.Info(), policyBlock.Info(), policyTestBlock.Info(), localsInfo}

func newDecoder(env *schema.Env) *schema.Decoder {
	d := schema.NewDecoder(env)
	d.Foreign, d.Refused = foreign(), refused
	return d
}

// decodeBlock reads a top-level block, or a kid of a cluster.
func decodeBlock(d *schema.Decoder, in *schema.Instance, kid bool) any {
	switch {
	case kid && in.Type == virtualServerBlock.Name:
		var s serverDraft
		virtualServerBlock.Decode(d, in, &s)
		return s.final()
	case kid && in.Type == vrrpInstanceBlock.Name:
		var i VRRPInstance
		vrrpInstanceBlock.Decode(d, in, &i)
		return &i
	case in.Type == directorBlock.Name:
		var dir Director
		directorBlock.Decode(d, in, &dir)
		return &dir
	case in.Type == operatorBlock.Name:
		var o Operator
		operatorBlock.Decode(d, in, &o)
		return &o
	case in.Type == policyBlock.Name:
		var p Policy
		policyBlock.Decode(d, in, &p)
		return &p
	case in.Type == policyTestBlock.Name:
		var t testDraft
		policyTestBlock.Decode(d, in, &t)
		return &t.PolicyTest
	case in.Type == clusterBlock.Name:
		var s shell
		clusterBlock.Decode(d, in, &s)
		return &s
	}
	unknownTop(d, in)
	return nil
}

func unknownTop(d *schema.Decoder, in *schema.Instance) {
	var names, inside []string
	for _, b := range topBlocks {
		names = append(names, b.Name)
	}
	for _, b := range clusterBlock.Info().Blocks {
		inside = append(inside, b.Name)
	}
	detail := fmt.Sprintf("There is no block %q.%s", in.Type, schema.DidYouMean(in.Type, names))
	switch {
	case refused[in.Type] != "":
		detail = fmt.Sprintf("There is no block %q. %s", in.Type, refused[in.Type])
	case slices.Contains(inside, in.Type):
		detail = fmt.Sprintf("A %s belongs to the directors that share it: put it into a cluster \"…\" { … }.", in.Type)
	case in.Type == "dynamic":
		detail = "A dynamic block stands inside another block: directors and clusters are written one by one."
	case foreign()[in.Type] != "":
		detail = foreign()[in.Type]
	}
	d.Error(in.Header, "Unknown block", strings.TrimSpace(detail))
}

// attributesOf is the body's attributes in the order in which they are written.
func attributesOf(body *hclsyntax.Body) []*hclsyntax.Attribute {
	var out []*hclsyntax.Attribute
	for _, a := range body.Attributes {
		out = append(out, a)
	}
	slices.SortFunc(out, func(a, b *hclsyntax.Attribute) int { return a.SrcRange.Start.Byte - b.SrcRange.Start.Byte })
	return out
}
