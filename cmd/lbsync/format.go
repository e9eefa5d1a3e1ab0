package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lbsync/view"
	"github.com/lbsync/lbsync/spec"
)

type formatFlags struct{ check, diff, write bool }

func (a *app) format() *cobra.Command {
	var f formatFlags
	cmd := &cobra.Command{
		Use: "fmt [DIR|FILE|-]...", Short: "Rewrite HCL files in the one form",
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 && args[0] == "-" {
				return a.formatInput(f)
			}
			if len(args) == 0 {
				args = []string{"."}
			}
			return a.formatFiles(args, f)
		},
	}
	cmd.Flags().BoolVar(&f.check, "check", false, "write nothing; exit 1 if a file is not in the one form")
	cmd.Flags().BoolVar(&f.diff, "diff", false, "show what would change")
	cmd.Flags().BoolVarP(&f.write, "write", "w", true, "rewrite the files; --write=false only names them")
	return cmd
}

// formatInput formats stdin to stdout.
func (a *app) formatInput(f formatFlags) error {
	src, err := io.ReadAll(a.in)
	if err != nil {
		return fmt.Errorf("read stdin: %w", err)
	}
	out, err := a.inForm("stdin", src)
	if err != nil {
		return err
	}
	switch {
	case f.check || f.diff || a.print.JSON:
		return a.formatted([]string{"stdin"}, [][]byte{src}, [][]byte{out}, f, false)
	default:
		return a.print.Raw(out)
	}
}

func (a *app) formatFiles(args []string, f formatFlags) error {
	names, err := hclFiles(args)
	if err != nil {
		return err
	}
	write := f.write && !f.check
	var before, after [][]byte
	for _, name := range names {
		src, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		out, err := a.inForm(name, src)
		if err != nil {
			return err
		}
		if write && !bytes.Equal(src, out) {
			if err := rewrite(name, out); err != nil {
				return err
			}
		}
		before, after = append(before, src), append(after, out)
	}
	return a.formatted(names, before, after, f, write)
}

// inForm formats one text. What is no HCL has no form: it is refused rather than passed over.
func (a *app) inForm(name string, src []byte) ([]byte, error) {
	f, diags := hclsyntax.ParseConfig(src, name, hcl.InitialPos)
	if diags.HasErrors() {
		return nil, errors.Join(fmt.Errorf("format %s: it is not HCL", name), a.print.Diagnostics(diags, map[string]*hcl.File{name: f}))
	}
	return spec.FormatHCL(src), nil
}

// formatted prints what was not in the one form.
func (a *app) formatted(names []string, before, after [][]byte, f formatFlags, written bool) error {
	var changed, diffs []string
	for i, name := range names {
		if bytes.Equal(before[i], after[i]) {
			continue
		}
		changed = append(changed, name)
		if f.diff {
			diffs = append(diffs, view.LineDiff(name, before[i], after[i]))
		}
	}
	if err := a.print.Print(view.NewFormat(written, changed, diffs)); err != nil {
		return err
	}
	if f.check && len(changed) > 0 {
		return done(exitError)
	}
	return nil
}

// rewrite replaces a file at once: a reader sees the old text or the new.
func rewrite(name string, text []byte) error {
	info, err := os.Stat(name)
	if err != nil {
		return err
	}
	tmp := name + ".lbsync-fmt"
	if err := os.WriteFile(tmp, text, info.Mode().Perm()); err != nil {
		return err
	}
	return os.Rename(tmp, name)
}

// hclFiles are the files that were named, and every *.hcl file below the folders that were.
func hclFiles(args []string) ([]string, error) {
	var out []string
	for _, arg := range args {
		info, err := os.Stat(arg)
		if err != nil {
			return nil, err
		}
		if !info.IsDir() {
			out = append(out, arg)
			continue
		}
		err = filepath.WalkDir(arg, func(path string, d fs.DirEntry, err error) error {
			if err == nil && d.Type().IsRegular() && strings.HasSuffix(path, ".hcl") {
				out = append(out, path)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return out, nil
}
