package main

import (
	"github.com/coreos/go-systemd/v22/daemon"
	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/runtime/engine"
	"github.com/lbsync/lbsync/runtime/engine/line"
)

func (a *app) engineCmd() *cobra.Command {
	o := engine.Options{Program: version, Realtime: true, Ready: func() {
		// Without systemd there is nobody to notify, which is no error.
		_, _ = daemon.SdNotify(false, daemon.SdNotifyReady)
	}}
	cmd := &cobra.Command{
		Use: "engine", Short: "Elect the master of each vrrp_instance, and hold its addresses", Args: noArguments(),
		Long: "Elect the master of each vrrp_instance, and hold its addresses.\n\n" +
			"The engine works by what the agent gave it last, also while no agent runs. It needs CAP_NET_ADMIN and CAP_NET_RAW; with CAP_SYS_NICE\n" +
			"it runs under real-time priority, which its advertisements need to be on time under load.\n" +
			"SIGTERM hands the roles over first. SIGHUP executes the program anew, which may be another release: no role changes. An engine that was\n" +
			"killed and is there again within the time of a lost advertisement goes on with its roles.\n\n" + exitHelp(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.textOnly("engine"); err != nil {
				return err
			}
			if err := mayElect(); err != nil {
				return err
			}
			log, err := newLog(a.err, "info")
			if err != nil {
				return err
			}
			o.Log = log
			ctx, stop := untilSignal(cmd.Context())
			defer stop()
			return engine.Run(ctx, o)
		},
	}
	cmd.Flags().StringVar(&o.Socket, "socket", line.DefaultPath, "socket that the agent talks to")
	cmd.Flags().StringVar(&o.State, "state", engine.DefaultState, "file of the wanted state; that of the roles has its name and .roles")
	return cmd
}
