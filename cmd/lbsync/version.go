package main

import (
	"runtime"
	"runtime/debug"

	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lbsync/view"
)

func (a *app) version() *cobra.Command {
	return &cobra.Command{
		Use: "version", Short: "Say which lbsync this is", Args: noArguments(),
		RunE: func(*cobra.Command, []string) error {
			return a.print.Print(view.NewVersion(version, runtime.Version(), revision()))
		},
	}
}

// revision is the commit that the binary was built from; "" when go build ran outside a checkout.
func revision() string {
	info, _ := debug.ReadBuildInfo()
	if info == nil {
		return ""
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" {
			return s.Value
		}
	}
	return ""
}
