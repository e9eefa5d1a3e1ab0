package main

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/runtime/api"
	"github.com/lbsync/lbsync/spec"
	"github.com/lbsync/lbsync/spec/identity"
)

// everyDirector is what --director says for all that the fleet declares.
const everyDirector = "all"

const operatorKey = "~/.config/lbsync/key.pem"

// remote gives commands the flags that have them ask a director from elsewhere.
func (a *app) remote(cmds ...*cobra.Command) []*cobra.Command {
	for _, cmd := range cmds {
		flags := cmd.PersistentFlags()
		flags.StringVar(&a.director, "director", "", "ask this director at its endpoint, and not the local agent; status, get and snapshot also take all")
		flags.StringVar(&a.fleet, "fleet", ".", "with --director: folder of the fleet, which has the endpoints and public keys")
		keyFlag(cmd, a)
	}
	return cmds
}

func keyFlag(cmd *cobra.Command, a *app) {
	cmd.PersistentFlags().StringVar(&a.key, "key", operatorKey, "key of an operator, to ask a director at its endpoint; make one with lbsync keygen")
}

// keyFile is --key, where ~ is the home folder.
func (a *app) keyFile() (string, error) {
	rest, ok := strings.CutPrefix(a.key, "~/")
	if !ok {
		return a.key, nil
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "", fmt.Errorf("find %s: %w; name the key with --key", a.key, err)
	}
	return filepath.Join(home, rest), nil
}

// hasKey says whether there is a file with a key; whether it can be used shows when it is.
func (a *app) hasKey() bool {
	file, err := a.keyFile()
	if err != nil {
		return false
	}
	_, err = os.Stat(file)
	return err == nil
}

// afar asks directors of a fleet at their endpoints.
type afar struct {
	name      string // of the folder
	keys      *identity.Keyring
	directors []spec.Director
}

// from is the fleet in a folder and the caller's key. Policies are not asked: what the folder pins is all that counts here.
func (a *app) from(dir string) (*afar, error) {
	name, fsys, err := folder([]string{dir})
	if err != nil {
		return nil, fmt.Errorf("%w; --fleet names the folder that declares the directors", err)
	}
	fleet, sources, diags := spec.LoadFS(fsys)
	if fleet == nil {
		if err := a.print.Diagnostics(diags, sources.Files()); err != nil {
			return nil, err
		}
		return nil, fmt.Errorf("fleet %s cannot be loaded; --fleet names the folder that declares the directors", name)
	}
	file, err := a.keyFile()
	if err != nil {
		return nil, err
	}
	keys, err := identity.Open(file)
	if err != nil {
		return nil, fmt.Errorf("%w: %w; --key names the key of an operator", api.ErrUnreachable, err)
	}
	f := &afar{name: name, keys: keys}
	for _, d := range fleet.Directors {
		f.directors = append(f.directors, *d.Def)
	}
	return f, nil
}

// client asks one director.
func (f *afar) client(name string) (*api.Client, error) {
	at := slices.IndexFunc(f.directors, func(d spec.Director) bool { return d.Name == name })
	if at < 0 {
		return nil, usagef("--director %q: fleet %s declares no such director", name, f.name)
	}
	d := f.directors[at]
	if !d.Reachable() {
		return nil, fmt.Errorf("%w: fleet %s has no endpoint and public_key of %s: declare both", api.ErrUnreachable, f.name, name)
	}
	return api.DialChannel(name, f.keys, d.Endpoint.String(), d.PublicKey), nil
}

// agent is a connection to the director that was named, or to the local agent.
func (a *app) agent() (*api.Client, error) {
	switch a.director {
	case "":
		return api.Dial(a.socket)
	case everyDirector:
		return nil, usagef("--director all: this command asks one director: name it")
	}
	f, err := a.from(a.fleet)
	if err != nil {
		return nil, err
	}
	return f.client(a.director)
}
