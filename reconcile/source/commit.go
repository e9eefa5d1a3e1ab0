package source

import (
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// Commit is what a revision is known by. Its texts come from whoever could push: a printer must quote them.
type Commit struct {
	ID      string    // 40 hexadecimal digits
	Author  string    // name
	Email   string    // address of the author
	When    time.Time // author date, with the author's zone
	Subject string    // first paragraph of the message on one line, as git log --format=%s
	Body    string    // the rest of the message, without surrounding blank lines
	Parents []string  // ids; the first is the branch that was merged into
	Signed  string    // kind of the signature present, NOT verified: "", "pgp", "ssh" or "x509"
}

// IsZero tells whether there is no commit.
func (c Commit) IsZero() bool { return c.ID == "" }

// Short is the id cut to 10 digits, for people.
func (c Commit) Short() string { return c.ID[:min(10, len(c.ID))] }

func decodeCommit(o plumbing.EncodedObject) (*object.Commit, error) {
	c := &object.Commit{}
	if err := c.Decode(o); err != nil {
		return nil, malformed("commit", o.Hash(), err)
	}
	return c, nil
}

// malformed is not damage: the content has the right id, so whoever made the object made it so, and cloning anew brings the same.
func malformed(kind string, h plumbing.Hash, err error) error {
	return &Error{Call: "read " + kind + " " + h.String(), Kind: ErrMalformed, Cause: err, Remedy: "run git fsck in the repository it came from"}
}

func newCommit(c *object.Commit) Commit {
	subject, body, _ := strings.Cut(strings.TrimLeft(c.Message, "\n"), "\n\n")
	out := Commit{
		ID:      c.Hash.String(),
		Author:  c.Author.Name,
		Email:   c.Author.Email,
		When:    c.Author.When,
		Subject: strings.Join(strings.Fields(subject), " "),
		Body:    strings.TrimSpace(body),
		Signed:  signatureKind(c.PGPSignature),
	}
	for _, p := range c.ParentHashes {
		out.Parents = append(out.Parents, p.String())
	}
	return out
}

// signatureKind reads the armor: git stores SSH signatures in the same gpgsig header.
func signatureKind(armor string) string {
	switch {
	case strings.Contains(armor, "BEGIN SSH SIGNATURE"):
		return "ssh"
	case strings.Contains(armor, "BEGIN PGP"):
		return "pgp"
	case armor != "":
		return "x509"
	}
	return ""
}
