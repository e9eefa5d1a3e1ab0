package main

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lbsync/view"
	"github.com/lbsync/lbsync/spec"
)

func (a *app) override() *cobra.Command {
	group := a.group("override", "Give a real server another weight for a time, without git")
	group.AddCommand(a.overrideSet(), a.overrideList(), a.overrideClear(), a.overrideExport())
	return group
}

func (a *app) overrideSet() *cobra.Command {
	c := spec.Command{Verb: spec.OverrideSet}
	cmd := &cobra.Command{
		Use: "set real-server KEY weight=N", Short: "Give a real server another weight for a time",
		Args: arguments(3, 3, "what to override: real-server KEY weight=N"),
		Long: "Give a real server another weight for a time.\n\n" +
			"KEY is \"tcp 192.0.2.100:80 > 192.0.2.21:80\", or 192.0.2.21:80 alone where that is in one service only. Weight 0 takes no new\n" +
			"connections and leaves those that are open. It outlasts restarts and new commits, and ends by itself; status, `get real-servers`\n" +
			"and every diff show it. It says nothing of drift: git still has its own weight, which is back at the end.\n\n" +
			"The other directors of the cluster take it too, as soon as they hear of it, where all of them have keys in the fleet (lbsync keygen);\n" +
			"else set it on each.\n\n" +
			exitHelp(exitOK, exitError, exitUnreachable, exitUsage),
		Example: "  lbsync override set real-server 192.0.2.21:80 weight=0 --for 2h --reason \"new disk\"",
		RunE: func(cmd *cobra.Command, args []string) error {
			if args[0] != "real-server" {
				return usagef("override set %q: only a real-server can be overridden", args[0])
			}
			weight, err := weightOf(args[2])
			if err != nil {
				return err
			}
			c.RealServer, c.Weight = args[1], &weight
			return a.checked(cmd, c)
		},
	}
	cmd.Flags().DurationVar(&c.For, "for", 0, "how long it lasts, such as 2h; at most 168h")
	cmd.Flags().StringVar(&c.Reason, "reason", "", "why; kept in the journal and shown by status and diff")
	return cmd
}

func weightOf(arg string) (int32, error) {
	text, ok := strings.CutPrefix(arg, "weight=")
	n, err := strconv.ParseInt(text, 10, 32)
	if !ok || err != nil {
		return 0, usagef("%q: write weight=N, with N from 0 to %d", arg, spec.MaxWeight)
	}
	return int32(n), nil
}

// checked asks the agent what is right on its own.
func (a *app) checked(cmd *cobra.Command, c spec.Command) error {
	if err := c.Check(); err != nil {
		return usagef("%w", err)
	}
	return a.ask(cmd, c)
}

func (a *app) overrideClear() *cobra.Command {
	c := spec.Command{Verb: spec.OverrideClear}
	cmd := &cobra.Command{
		Use: "clear [KEY]", Short: "End an override before its time", Args: arguments(0, 1, ""),
		Long: "End an override before its time. It is cleared on the director where it was set, and with that on those that took it from there.\n\n" + exitHelp(exitOK, exitError, exitUnreachable, exitUsage),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				c.RealServer = args[0]
			}
			if (len(args) > 0) == c.All {
				return usagef("override clear: name one real server, or write --all")
			}
			return a.checked(cmd, c)
		},
	}
	cmd.Flags().BoolVar(&c.All, "all", false, "end every override of this director")
	cmd.Flags().StringVar(&c.Reason, "reason", "", "why; kept in the journal")
	return cmd
}

func (a *app) overrideList() *cobra.Command {
	return &cobra.Command{
		Use: "list", Short: "Show what is overridden here, by whom, why and until when", Args: noArguments(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.askStatus(cmd)
			if err != nil {
				return err
			}
			return a.print.Print(view.NewOverrides(s))
		},
	}
}

func (a *app) askStatus(cmd *cobra.Command) (spec.Status, error) {
	client, err := a.agent()
	if err != nil {
		return spec.Status{}, err
	}
	defer client.Close()
	return client.Status(cmd.Context())
}

func (a *app) overrideExport() *cobra.Command {
	return &cobra.Command{
		Use: "export [DIR]", Short: "Write the patch of the fleet that would make the overrides permanent", Args: optionalFolder(),
		Long: "Write the patch of the fleet in DIR that would make this director's overrides permanent; `git apply` takes it. What cannot be\n" +
			"edited so, such as a real server of a dynamic block, is a line that says where it stands.",
		RunE: func(cmd *cobra.Command, args []string) error {
			name, fsys, err := folder(args)
			if err != nil {
				return err
			}
			s, err := a.askStatus(cmd)
			if err != nil {
				return err
			}
			fleet, _, diags := spec.LoadFS(fsys)
			if fleet == nil {
				return fmt.Errorf("fleet %s cannot be loaded: %w", name, diags)
			}
			v, ok := fleet.Director(s.Director)
			if !ok {
				return fmt.Errorf("fleet %s declares no director %q", name, s.Director)
			}
			edits, patch, err := permanent(fsys, v, s.Overrides)
			if err != nil {
				return err
			}
			return a.print.Print(view.NewOverridePatch(edits, patch))
		},
	}
}
