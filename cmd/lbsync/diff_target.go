package main

import (
	"bytes"
	"io/fs"
	"strings"

	"github.com/lbsync/lbsync/reconcile/source"
	"github.com/lbsync/lbsync/spec"
)

// target is what a diff leads to: a commit if the folder is just as that commit has it, or else the folder.
type target struct {
	commit spec.Commit
	label  string
}

// brings is the commit; nil if what the folder has is not committed.
func (t target) brings() *spec.Commit {
	if t.commit.ID == "" {
		return nil
	}
	return &t.commit
}

func commitOf(name string, fsys fs.FS) target {
	out := target{label: name}
	checkout, err := source.OpenCheckout(name)
	if err != nil {
		return out // not under git, which is no error
	}
	out.label = name + " (not committed)"
	head, err := checkout.Resolve("HEAD")
	if err != nil {
		return out
	}
	tree, err := checkout.Tree(head.ID)
	if err == nil && sameHCL(fsys, tree) && sameHCL(tree, fsys) {
		out.commit = commit(head)
	}
	return out
}

// sameHCL says whether b has every HCL file of a with the same bytes.
func sameHCL(a, b fs.FS) bool {
	err := fs.WalkDir(a, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ".hcl") {
			return err
		}
		one, err := fs.ReadFile(a, path)
		if err != nil {
			return err
		}
		other, err := fs.ReadFile(b, path)
		if err == nil && !bytes.Equal(one, other) {
			err = fs.ErrNotExist
		}
		return err
	})
	return err == nil
}

// commit gives a commit of the source its form in documents.
func commit(c source.Commit) spec.Commit {
	return spec.Commit{ID: c.ID, Author: c.Author, Email: c.Email, When: c.When, Subject: c.Subject, Body: c.Body}
}
