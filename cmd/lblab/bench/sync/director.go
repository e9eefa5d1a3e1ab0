package sync

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"syscall"

	"github.com/vishvananda/netns"

	"github.com/lbsync/lbsync/cmd/lblab/pair"
	"github.com/lbsync/lbsync/runtime/api"
	"github.com/lbsync/lbsync/spec"
)

const instance = "codis"

// director is one of the two, with its programs and their files.
type director struct {
	name, dir, lbsync string
	key               string // the public one
	engine, agent     *program
}

func newDirector(name, dir, lbsync, repository string) (*director, error) {
	d := &director{name: name, dir: filepath.Join(dir, name), lbsync: lbsync}
	// The agent polls rarely, and is asked to look: when each of the two sees a commit is part of a case.
	text := fmt.Sprintf("director = %q\nstate    = %q\nsocket   = %q\nengine   = %q\nkey_file = %q\nsource \"git\" {\n  url    = %q\n  branch = \"main\"\n  poll   = \"1h\"\n}\n",
		name, d.path("state"), d.path("run/agent.sock"), d.path("run/engine.sock"), d.path("key.pem"), repository)
	if err := errors.Join(os.MkdirAll(d.path("state"), 0o700), os.MkdirAll(d.path("run"), 0o700), os.WriteFile(d.path("agent.hcl"), []byte(text), 0o644)); err != nil {
		return nil, fmt.Errorf("write agent.hcl of %s: %w", name, err)
	}
	out, err := exec.Command(lbsync, "keygen", "--out", d.path("key.pem")).Output()
	if err != nil {
		return nil, fmt.Errorf("make a key for %s: %w", name, err)
	}
	if d.key = publicKey.FindString(string(out)); d.key == "" {
		return nil, fmt.Errorf("make a key for %s: it prints %q", name, out)
	}
	return d, nil
}

// publicKey is what a fleet declares of a director, as keygen prints it.
var publicKey = regexp.MustCompile(`ed25519:[A-Za-z0-9+/=]+`)

func (d *director) path(file string) string { return filepath.Join(d.dir, file) }

func (d *director) startEngine() (err error) {
	d.engine, err = start(d.name, d.lbsync, "engine", "--socket", d.path("run/engine.sock"), "--state", d.path("run/engine.state"))
	return err
}

func (d *director) startAgent() (err error) {
	d.agent, err = start(d.name, d.lbsync, "agent", "--config", d.path("agent.hcl"))
	return err
}

func (d *director) kill() {
	d.agent.end(syscall.SIGKILL)
	d.engine.end(syscall.SIGKILL)
	d.agent, d.engine = nil, nil
}

// forget empties what a reboot empties: sockets, and the engine's state, are below /run.
func (d *director) forget() error {
	if err := errors.Join(os.RemoveAll(d.path("run")), os.Mkdir(d.path("run"), 0o700)); err != nil {
		return fmt.Errorf("empty /run of %s: %w", d.name, err)
	}
	return nil
}

func (d *director) status(ctx context.Context) (spec.Status, error) {
	c, err := api.Dial(d.path("run/agent.sock"))
	if err != nil {
		return spec.Status{}, err
	}
	defer c.Close()
	return c.Status(ctx)
}

func (d *director) do(ctx context.Context, cmd spec.Command) error {
	c, err := api.Dial(d.path("run/agent.sock"))
	if err != nil {
		return err
	}
	defer c.Close()
	if _, err := c.Do(ctx, cmd); err != nil {
		return fmt.Errorf("%s: %s: %w", d.name, cmd.Verb, err)
	}
	return nil
}

// role is the state of the VRRP instance, and whether the address is where it says.
func role(s spec.Status) (spec.VRRPState, bool) {
	if s.VRRP == nil {
		return "", false
	}
	for _, i := range s.VRRP.Instances {
		if i.Name == instance {
			return i.State, i.State != spec.VRRPMaster || i.Held == i.Addresses
		}
	}
	return "", false
}

// ends are the client's ends of the connections that the director's table has of a client.
func (d *director) ends(client netip.Addr) (map[netip.AddrPort]bool, error) {
	ns, err := netns.GetFromName(d.name)
	if err != nil {
		return nil, fmt.Errorf("find namespace %s: %w", d.name, err)
	}
	defer func() { _ = ns.Close() }()
	var table []byte
	err = pair.Inside(ns, func() (err error) {
		table, err = os.ReadFile("/proc/thread-self/net/ip_vs_conn")
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read the connections of %s: %w", d.name, err)
	}
	return parseEnds(table, client), nil
}

// parseEnds reads lines such as "TCP C0000282 D2F0 C0000264 18EB C0000215 18EB ESTABLISHED 899" (net/netfilter/ipvs/ip_vs_conn.c).
func parseEnds(table []byte, client netip.Addr) map[netip.AddrPort]bool {
	out := map[netip.AddrPort]bool{}
	for line := range bytes.Lines(table) {
		words := bytes.Fields(line)
		if len(words) < 8 || string(words[0]) != "TCP" || string(words[7]) != "ESTABLISHED" {
			continue
		}
		raw, err := hex.DecodeString(string(words[1]))
		addr, ok := netip.AddrFromSlice(raw)
		port, errPort := strconv.ParseUint(string(words[2]), 16, 16)
		if err == nil && ok && errPort == nil && addr == client {
			out[netip.AddrPortFrom(addr, uint16(port))] = true
		}
	}
	return out
}
