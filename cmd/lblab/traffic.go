package main

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lblab/traffic"
)

func echoCommand() *cobra.Command {
	var name string
	cmd := &cobra.Command{
		Use:   "echo [--name NAME] ADDRESS:PORT",
		Short: "Be a real server: answer each line with this server's name and the line",
		Args:  cobra.ExactArgs(1),
	}
	cmd.Flags().StringVar(&name, "name", "server", "what to answer with")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		// Without keepalive: its packets would count as the client's for connection sync.
		l, err := (&net.ListenConfig{KeepAlive: -1}).Listen(cmd.Context(), "tcp", args[0])
		if err != nil {
			return err
		}
		return traffic.Echo(cmd.Context(), l, name)
	}
	return cmd
}

func trafficCommand() *cobra.Command {
	var c traffic.Client
	var ready, laps string
	cmd := &cobra.Command{
		Use:   "traffic [flags] ADDRESS:PORT",
		Short: "Be a client: keep connections open, open new ones, count what is lost; ends at SIGTERM with a report",
		Args:  cobra.ExactArgs(1),
	}
	cmd.Flags().IntVar(&c.Connections, "connections", 20, "long-lived connections")
	cmd.Flags().DurationVar(&c.Every, "every", 200*time.Millisecond, "time between messages of a connection, and between new connections")
	cmd.Flags().DurationVar(&c.Patience, "patience", 10*time.Second, "a message without an answer for so long is a loss")
	cmd.Flags().StringVar(&ready, "ready", "", "file to create once all long-lived connections were answered")
	cmd.Flags().StringVar(&laps, "laps", "", "file to write the longest wait for an answer into at SIGUSR1, since the last time")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		c.To = args[0]
		if laps != "" {
			c.Laps = &traffic.Laps{}
			go writeLaps(cmd.Context(), c, laps)
		}
		var readyErr error
		report := c.Run(cmd.Context(), func() { readyErr = announce(ready) })
		fmt.Print(report)
		if readyErr == nil && !report.Clean() {
			return ended(1)
		}
		return readyErr
	}
	return cmd
}

// writeLaps answers SIGUSR1. The file is there when it is whole.
func writeLaps(ctx context.Context, c traffic.Client, file string) {
	asked := make(chan os.Signal, 1)
	signal.Notify(asked, syscall.SIGUSR1)
	defer signal.Stop(asked)
	for {
		select {
		case <-ctx.Done():
			return
		case <-asked:
		}
		longest, err := c.Laps.Longest(ctx, c.Connections)
		if err == nil {
			err = os.WriteFile(file+".tmp", fmt.Appendln(nil, longest.Round(10*time.Millisecond)), 0o644)
		}
		if err == nil {
			err = os.Rename(file+".tmp", file)
		}
		if err != nil {
			fmt.Fprintf(os.Stderr, "lblab: write the longest wait: %v\n", err)
		}
	}
}

func announce(file string) error {
	if file == "" {
		return nil
	}
	return os.WriteFile(file, nil, 0o644)
}
