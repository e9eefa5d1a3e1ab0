package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/lbsync/lbsync/cmd/lblab/wire"
)

// trial is one thing the lab promises.
type trial struct {
	promise string
	args    []string
	code    int
	output  string // wanted on standard output; empty: anything
}

// trials end with one that leaves a mark in the share, which the host then looks for.
func trials(mark string) []trial {
	return []trial{
		{"exit codes arrive", []string{"sh", "-c", "exit 3"}, 3, ""},
		{"output arrives whole", []string{"sh", "-c", "seq 1 200000 | tail -c 7"}, 0, "200000\n"},
		{"the kernel has IPVS", []string{"head", "-c", "17", "/proc/net/ip_vs"}, 0, "IP Virtual Server"},
		{"schedulers load", []string{"modprobe", "ip_vs_mh"}, 0, ""},
		{"lo is up", []string{"ip", "-o", "addr", "show", "up", "to", "127.0.0.1"}, 0, ""},
		{"namespaces work", []string{"ip", "-n", "lb1", "-o", "link", "show", "dev", "front"}, 0, ""},
		{"shares are written", []string{"sh", "-c", "echo written >" + mark}, 0, ""},
	}
}

const trialTopology = "segment front\nnode lb1 front=192.0.2.11/24\n"

func checkCommand() *cobra.Command {
	var o options
	cmd := &cobra.Command{
		Use:   "check",
		Short: "Check that the lab keeps its promises on this machine",
		Args:  cobra.NoArgs,
	}
	o.flags(cmd.Flags())
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		return o.check(cmd.Context())
	}
	return cmd
}

func (o *options) check(ctx context.Context) error {
	dir, err := os.MkdirTemp(scratch, "lblab-check-")
	if err != nil {
		return fmt.Errorf("make a folder for the check: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }()
	o.shares = append(o.shares, dir)
	o.topology = filepath.Join(dir, "topology")
	if err := os.WriteFile(o.topology, []byte(trialTopology), 0o644); err != nil {
		return fmt.Errorf("write the topology of the check: %w", err)
	}
	mark := filepath.Join(dir, "mark")
	verdicts := verdicts{trials: trials(mark), begin: time.Now()}
	var commands []wire.Command
	for _, t := range verdicts.trials {
		c, err := o.command(t.args)
		if err != nil {
			return err
		}
		commands = append(commands, c)
	}
	if err := o.do(ctx, commands, nil, &verdicts); err != nil {
		return err
	}
	content, err := os.ReadFile(mark)
	if err != nil {
		return fmt.Errorf("check the share: %w", err)
	}
	if string(content) != "written\n" {
		return fmt.Errorf("check the share: %q arrived", content)
	}
	if verdicts.broken > 0 {
		return fmt.Errorf("%d of %d promises are broken", verdicts.broken, len(verdicts.trials))
	}
	return nil
}

// verdicts is the sink of the trials: command i is trial i.
type verdicts struct {
	trials []trial
	begin  time.Time
	output string
	broken int
}

func (v *verdicts) Output(_ int, _ wire.Kind, data []byte) error {
	v.output += string(data)
	return nil
}

func (v *verdicts) Exit(index, code int, _ time.Duration) error {
	t := v.trials[index]
	word, detail := "ok", ""
	if code != t.code || t.output != "" && v.output != t.output {
		v.broken++
		word, detail = "BROKEN", fmt.Sprintf(": exit code %d, output %q", code, v.output)
	}
	fmt.Printf("%-6s %5.1f s  %s%s\n", word, time.Since(v.begin).Seconds(), t.promise, detail)
	v.output = ""
	return nil
}
