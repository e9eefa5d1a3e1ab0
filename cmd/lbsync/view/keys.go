package view

// Keys are the public keys of a key file.
type Keys struct {
	Head
	File       string   `json:"file"`
	Made       bool     `json:"made"`        // now
	PublicKeys []string `json:"public_keys"` // as the fleet declares them
}

// NewKeys makes the document.
func NewKeys(file string, made bool, public []string) Keys {
	return Keys{head("keys"), file, made, public}
}

// Text is what is pasted into the fleet.
func (k Keys) Text(t *Text) {
	for _, public := range k.PublicKeys {
		t.Linef("public_key = %q", public)
	}
}
