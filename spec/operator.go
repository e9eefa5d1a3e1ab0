package spec

import "github.com/lbsync/lbsync/spec/internal/schema"

// Operator is the block `operator "NAME"`: a person or a robot whose key the directors know.
type Operator struct {
	Name      string
	PublicKey string // "ed25519:BASE64"
	Operates  bool   // role = "operate"; else "view"
	At        Mark
}

var operatorBlock = schema.New(schema.Block[Operator]{
	Name:  "operator",
	Doc:   "A person or a robot who may ask the directors from elsewhere, at their endpoints.",
	Label: &schema.Field[Operator]{Attr: schema.Attr{Name: "NAME", MaxLen: 64, Doc: "Name of the operator, as the journal records it"}, Set: func(o *Operator, v schema.Value) { o.Name = v.Str }},
	Attrs: []schema.Field[Operator]{
		{Attr: schema.Attr{Name: "public_key", Required: true, Doc: "\"ed25519:\" and the base64 of its 32 bytes, as `lbsync keygen` prints it"},
			Set: func(o *Operator, v schema.Value) { o.PublicKey = v.Str }},
		{Attr: schema.Attr{Name: "role", Kind: schema.Word, Words: []string{"view", "operate"}, Required: true, Doc: "view reads; operate may also roll back, pin, suspend, hand over and so on"},
			Set: func(o *Operator, v schema.Value) { o.Operates = v.Str == "operate" }},
	},
	Check: func(dec *schema.Decoder, in *schema.Instance, o *Operator) {
		o.At = Mark(dec.Mark(in.Header))
		checkPublicKey(dec, in, o.PublicKey)
	},
})

// checkPublicKey judges the attribute public_key.
func checkPublicKey(dec *schema.Decoder, in *schema.Instance, key string) {
	if !in.Has("public_key") {
		return
	}
	if _, err := ParsePublicKey(key); err != nil {
		dec.Error(in.At("public_key"), "Not a public key", upperFirst(err.Error())+".")
	}
}
