package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

// Where a package or `make install` puts things. agent.hcl may say otherwise; --socket and --config follow it.
const (
	defaultSocket = "/run/lbsync/agent.sock"
	defaultConfig = "/etc/lbsync/agent.hcl"
)

func (a *app) root() *cobra.Command {
	root := a.group("lbsync", "Keep Linux Virtual Server directors as a git repository says")
	root.Long = "lbsync keeps Linux Virtual Server directors as a git repository says.\n\n" + exitHelp()
	root.SilenceErrors, root.SilenceUsage = true, true
	root.PersistentPreRunE = a.prepare
	root.SetIn(a.in)
	root.SetOut(a.out)
	root.SetErr(a.err)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return usagef("%w", err) })
	root.CompletionOptions.DisableDefaultCmd = true
	flags := root.PersistentFlags()
	flags.StringVarP(&a.output, "output", "o", "text", "form of the result: text or json")
	flags.StringVar(&a.color, "color", "auto", "auto, always or never; auto colours a terminal unless NO_COLOR is set")
	flags.StringVar(&a.socket, "socket", defaultSocket, "socket of the local agent")
	flags.StringVar(&a.config, "config", defaultConfig, "the agent's own file")
	root.AddCommand(a.agentCmd(), a.engineCmd(), a.validate(), a.diff(), a.format(), a.keygen(), a.schema(), a.version(), a.completion(root))
	root.AddCommand(a.remote(a.status(), a.get(), a.why(), a.rollback(), a.pin(), a.unpin(), a.suspend(), a.resume(), a.override(), a.handover(), a.rollout(),
		a.sync(), a.snapshot(), a.history(), a.audit())...)
	return root
}

// group is a command that only has commands below it; alone it shows them.
func (a *app) group(use, short string) *cobra.Command {
	return &cobra.Command{
		Use: use, Short: short, SuggestionsMinimumDistance: 2,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			hint := ""
			if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
				hint = fmt.Sprintf("; did you mean %q?", near[0])
			}
			return usagef("unknown command %q for %q%s", args[0], cmd.CommandPath(), hint)
		},
		RunE: func(cmd *cobra.Command, _ []string) error {
			cmd.SetOut(a.err) // as git: nothing was asked for, so there is no result
			if err := cmd.Help(); err != nil {
				return err
			}
			return done(exitUsage)
		},
	}
}

// arguments wants between least and most arguments; what names them in the message.
func arguments(least, most int, what string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < least {
			return usagef("%s: name %s", cmd.CommandPath(), what)
		}
		if len(args) > most {
			return usagef("%s: unexpected argument %q", cmd.CommandPath(), args[most])
		}
		return nil
	}
}

func noArguments() cobra.PositionalArgs { return arguments(0, 0, "") }
