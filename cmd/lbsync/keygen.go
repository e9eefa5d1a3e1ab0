package main

import (
	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lbsync/view"
	"github.com/lbsync/lbsync/spec/identity"
)

// defaultKey is where the agent looks for the key of its director.
const defaultKey = "/etc/lbsync/key.pem"

func (a *app) keygen() *cobra.Command {
	var out, public string
	cmd := &cobra.Command{
		Use: "keygen", Short: "Make the key of a director or an operator, and print what the fleet declares of it", Args: noArguments(),
		Long: "Make the key of a director or an operator, and print what the fleet declares of it.\n\n" +
			"The private key (Ed25519, PKCS#8 in PEM) goes into a new file for its owner alone; a file that is there is never overwritten. The\n" +
			"public key goes into the fleet, into the block of the director or operator. To change the key of a director without a gap, append\n" +
			"a second one to its file, merge the new public_key, and delete the old one from the file later.\n\n" + exitHelp(exitOK, exitError, exitUsage),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if public != "" && cmd.Flags().Changed("out") {
				return usagef("--public reads a file and --out writes one: give one of the two")
			}
			keys, path, err := makeOrRead(out, public)
			if err != nil {
				return err
			}
			var texts []string
			for _, k := range keys {
				texts = append(texts, k.Public)
			}
			return a.print.Print(view.NewKeys(path, public == "", texts))
		},
	}
	cmd.Flags().StringVar(&out, "out", defaultKey, "file for the private key; it must not exist")
	cmd.Flags().StringVar(&public, "public", "", "make nothing, and print the public key of this file")
	return cmd
}

func makeOrRead(out, public string) (keys []identity.Key, path string, err error) {
	if public != "" {
		keys, err = identity.Read(public)
		return keys, public, err
	}
	k, err := identity.Create(out)
	return []identity.Key{k}, out, err
}
