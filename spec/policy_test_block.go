package spec

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/lbsync/lbsync/spec/internal/schema"
)

// PolicyTest is the block `policy_test "NAME"`: an example on which a rule has to say what is expected. Directors do not look at it.
type PolicyTest struct {
	Name    string
	Policy  string
	Fleet   string // HCL; "": the fleet in which the block stands
	Base    string // HCL of the accepted commit; "": none
	Commit  *Commit
	Expect  Expectation
	Message string // part of what is said; "": anything
	At      Mark
	Want    Mark // the attribute expect
}

// Expectation is what a test expects of its rule.
type Expectation uint8

// The expectations.
const (
	ExpectPass   Expectation = iota // it holds
	ExpectAdvise                    // it does not, and the commit is accepted all the same: by its level, or as it is overridden
	ExpectRefuse                    // it does not, and the commit is refused
)

var expectationNames = names[Expectation]{"expectation", map[Expectation]string{ExpectPass: "pass", ExpectAdvise: "advise", ExpectRefuse: "refuse"}}

func (e Expectation) String() string { return expectationNames.name(e) }

// testDraft is a test while it is read.
type testDraft struct{ PolicyTest }

// commitDraft is the block `commit` of a test.
type commitDraft struct {
	Commit
	trailers map[string]string
}

var policyTestBlock = schema.New(schema.Block[testDraft]{
	Name:  "policy_test",
	Doc:   "An example on which a policy has to say what is expected; `lbsync validate --test` asks it. Directors ignore it.",
	Label: &schema.Field[testDraft]{Attr: schema.Attr{Name: "NAME", MaxLen: 128, Doc: "Name of the test, once in the fleet"}, Set: func(t *testDraft, v schema.Value) { t.Name = v.Str }},
	Attrs: []schema.Field[testDraft]{
		{Attr: schema.Attr{Name: "policy", MaxLen: 64, Required: true, Doc: "Name of the rule: a policy of this fleet, or a built-in one"}, Set: func(t *testDraft, v schema.Value) { t.Policy = v.Str }},
		{Attr: schema.Attr{Name: "fleet", MaxLen: schema.MaxText, Doc: "HCL of the fleet that is judged; this fleet if not written. Only its directors, clusters and locals count"},
			Set: func(t *testDraft, v schema.Value) { t.Fleet = v.Str }},
		{Attr: schema.Attr{Name: "base", MaxLen: schema.MaxText, Doc: "HCL of the fleet that was accepted before; none if not written"}, Set: func(t *testDraft, v schema.Value) { t.Base = v.Str }},
		{Attr: schema.Attr{Name: "expect", Kind: schema.Word, Words: []string{"pass", "advise", "refuse"}, Required: true, Doc: "pass: the rule holds; refuse: it does not, and the commit is refused; advise: it does not, and the commit is accepted all the same"},
			Set: func(t *testDraft, v schema.Value) { t.Expect, t.Want = word(expectationNames, v), Mark(v.At) }},
		{Attr: schema.Attr{Name: "message", MaxLen: 1024, Doc: "Part of what the rule says"}, Set: func(t *testDraft, v schema.Value) { t.Message = v.Str }},
	},
	Blocks: []schema.Nested[testDraft]{
		schema.One(testCommitBlock, func(_ *schema.Decoder, t *testDraft, c *commitDraft, _ *schema.Instance) {
			out := c.Commit
			t.Commit = &out
		}),
	},
	Check: func(d *schema.Decoder, in *schema.Instance, t *testDraft) {
		t.At = Mark(d.Mark(in.Header))
		if t.Expect == ExpectPass && t.Message != "" {
			d.Error(in.At("message"), "message without a finding", `A rule that holds says nothing: remove message, or write expect = "refuse".`)
		}
	},
})

var testCommitBlock = schema.New(schema.Block[commitDraft]{
	Name: "commit",
	Doc:  "The commit that brings the fleet of a policy_test.",
	Attrs: []schema.Field[commitDraft]{
		{Attr: schema.Attr{Name: "author", MaxLen: 256, Default: `"Nobody"`, Doc: "Name of the author"}, Set: func(c *commitDraft, v schema.Value) { c.Author = v.Str }},
		{Attr: schema.Attr{Name: "email", MaxLen: 256, Default: `"nobody@example.org"`, Doc: "Address of the author"}, Set: func(c *commitDraft, v schema.Value) { c.Email = v.Str }},
		{Attr: schema.Attr{Name: "subject", MaxLen: 1024, Default: `"Test"`, Doc: "First paragraph of the message"}, Set: func(c *commitDraft, v schema.Value) { c.Subject = v.Str }},
		{Attr: schema.Attr{Name: "body", MaxLen: schema.MaxText, Doc: "The rest of the message"}, Set: func(c *commitDraft, v schema.Value) { c.Body = v.Str }},
		{Attr: schema.Attr{Name: "trailers", Map: true, MaxLen: 1024, Doc: "Trailers at its end, { Ticket = \"OPS-1\" }"}, Set: setTrailers},
		{Attr: schema.Attr{Name: "time", Default: `"2026-01-05T12:00:00Z"`, Doc: "Time of the author as in RFC 3339; the default is a Monday"}, Set: func(c *commitDraft, v schema.Value) { c.When, _ = time.Parse(time.RFC3339, v.Str) }},
	},
	Check: func(d *schema.Decoder, in *schema.Instance, c *commitDraft) {
		if c.When.IsZero() {
			d.Error(in.At("time"), "Not a time", `time is date, time and offset as in RFC 3339: write time = "2026-01-05T12:00:00Z".`)
		}
		c.ID = "0000000000000000000000000000000000000000"
		c.Body = strings.TrimSpace(c.Body + "\n\n" + trailerText(c.trailers))
	},
})

func setTrailers(c *commitDraft, v schema.Value) {
	c.trailers = map[string]string{}
	for k, e := range v.By {
		c.trailers[k] = e.Str
	}
}

// trailerText writes trailers as they stand in a message.
func trailerText(all map[string]string) string {
	var b strings.Builder
	for _, k := range slices.Sorted(maps.Keys(all)) {
		fmt.Fprintf(&b, "%s: %s\n", k, all[k])
	}
	return b.String()
}
