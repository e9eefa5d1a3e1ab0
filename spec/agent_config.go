package spec

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"time"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/lbsync/lbsync/spec/internal/scan"
	"github.com/lbsync/lbsync/spec/internal/schema"
	"github.com/zclconf/go-cty/cty"
)

// AgentConfig is the agent's own file, /etc/lbsync/agent.hcl: what cannot come from git.
type AgentConfig struct {
	Director string // the name of this host in the fleet
	Source   SourceConfig
	State    string        // folder of what the agent keeps
	Secrets  string        // folder in which secret("name") is the file name
	Socket   string        // path of the local API
	Engine   string        // path of the engine's socket
	KeyFile  string        // private keys of this director, PEM; without the file it has no channel to the others
	Listen   string        // address and port for peers and operators, "off", or "": the port of the director's endpoint on all addresses
	Resync   time.Duration // between full reads of the kernel; at most a minute
	LogLevel string        // debug, info, warn or error

	Metrics            string // address and port where Prometheus scrapes over TCP; "": nowhere
	MetricsRealServers bool   // metrics have series of each real server
}

// SourceConfig is the block `source "git"`: where the fleet comes from. Of Branch, Tag and Commit one is set.
type SourceConfig struct {
	URL                 string // https://, ssh://, user@host:path, or a local path
	Branch, Tag, Commit string
	Path                string        // folder of the fleet in the repository; "." is its root
	Poll                time.Duration // between looks at the repository
	Timeout             time.Duration // of one look
	Username, TokenFile string        // for https
	CAFile              string        // for https
	SSHKeyFile          string        // for ssh
	KnownHostsFile      string        // for ssh
}

// ListenOff is the value of listen that answers nobody.
const ListenOff = "off"

var agentBlock = schema.New(schema.Block[AgentConfig]{
	Name: "agent configuration",
	Doc:  "The agent's own file, /etc/lbsync/agent.hcl. Its attributes stand at the top of the file.",
	Attrs: []schema.Field[AgentConfig]{
		{Attr: schema.Attr{Name: "director", MaxLen: 64, Required: true, Doc: "Name of this host in the fleet"},
			Set: func(c *AgentConfig, v schema.Value) { c.Director = v.Str }},
		{Attr: schema.Attr{Name: "state", Default: `"/var/lib/lbsync"`, Doc: "Folder of the mirror, the journal and the last known good state"},
			Set: func(c *AgentConfig, v schema.Value) { c.State = v.Str }},
		{Attr: schema.Attr{Name: "secrets", Default: `"/etc/lbsync/secrets"`, Doc: "Folder in which secret(\"name\") is the file of that name"},
			Set: func(c *AgentConfig, v schema.Value) { c.Secrets = v.Str }},
		{Attr: schema.Attr{Name: "socket", Default: `"/run/lbsync/agent.sock"`, Doc: "Path of the socket that the commands use"},
			Set: func(c *AgentConfig, v schema.Value) { c.Socket = v.Str }},
		{Attr: schema.Attr{Name: "engine", Default: `"/run/lbsync/engine.sock"`, Doc: "Path of the socket of lbsync engine, which runs VRRP"},
			Set: func(c *AgentConfig, v schema.Value) { c.Engine = v.Str }},
		{Attr: schema.Attr{Name: "key_file", Default: `"/etc/lbsync/key.pem"`, Doc: "Private key of this director (`lbsync keygen`), for its owner alone; several while it changes. Without the file the others cannot be asked, nor ask; it is looked at every 10 s"},
			Set: func(c *AgentConfig, v schema.Value) { c.KeyFile = v.Str }},
		{Attr: schema.Attr{Name: "listen", Doc: "Address and port at which the other directors and operators are answered, such as \"192.0.2.11:7946\", or \"off\"; the port of the director's endpoint on all addresses if not written"},
			Set: func(c *AgentConfig, v schema.Value) { c.Listen = v.Str }},
		{Attr: schema.Attr{Name: "resync", Kind: schema.Duration, Min: second, Max: 60 * second, Default: `"60s"`, Doc: "Time between full reads of the kernel's state"},
			Set: func(c *AgentConfig, v schema.Value) { c.Resync = v.Dur }},
		{Attr: schema.Attr{Name: "log_level", Kind: schema.Word, Words: []string{"debug", "info", "warn", "error"}, Default: `"info"`, Doc: "Least severity that is logged"},
			Set: func(c *AgentConfig, v schema.Value) { c.LogLevel = v.Str }},
		{Attr: schema.Attr{Name: "metrics", Kind: schema.Text, Doc: "Address and port on which Prometheus may scrape /metrics over HTTP, such as 127.0.0.1:9101; whoever reaches it may read it. Off if empty or not written"},
			Set: func(c *AgentConfig, v schema.Value) { c.Metrics = v.Str }},
		{Attr: schema.Attr{Name: "metrics_real_servers", Kind: schema.Bool, Default: "true", Doc: "Whether metrics have series of each real server; without, a large fleet is a small scrape"},
			Set: func(c *AgentConfig, v schema.Value) { c.MetricsRealServers = v.Bool }},
	},
	Blocks: []schema.Nested[AgentConfig]{
		schema.One(sourceBlock, func(_ *schema.Decoder, c *AgentConfig, s *sourceDraft, _ *schema.Instance) { c.Source = s.SourceConfig }),
	},
	Check: checkAgent,
})

// sourceDraft is a source while it is read.
type sourceDraft struct {
	SourceConfig
	kind string
}

var sourceBlock = schema.New(schema.Block[sourceDraft]{
	Name:  "source",
	Doc:   "Where the fleet comes from.",
	Label: &schema.Field[sourceDraft]{Attr: schema.Attr{Name: "KIND", Kind: schema.Word, Words: []string{"git"}, Doc: "Kind of the source"}, Set: func(s *sourceDraft, v schema.Value) { s.kind = v.Str }},
	Attrs: []schema.Field[sourceDraft]{
		{Attr: schema.Attr{Name: "url", Required: true, Doc: "Repository: https://…, ssh://…, user@host:path, or a local path"}, Set: func(s *sourceDraft, v schema.Value) { s.URL = v.Str }},
		{Attr: schema.Attr{Name: "branch", Doc: "Branch to follow; one of branch, tag and commit is needed"}, Set: func(s *sourceDraft, v schema.Value) { s.Branch = v.Str }},
		{Attr: schema.Attr{Name: "tag", Doc: "Tag to stay at"}, Set: func(s *sourceDraft, v schema.Value) { s.Tag = v.Str }},
		{Attr: schema.Attr{Name: "commit", MaxLen: 64, Doc: "Commit to stay at"}, Set: func(s *sourceDraft, v schema.Value) { s.Commit = v.Str }},
		{Attr: schema.Attr{Name: "path", Default: `"."`, Doc: "Folder of the fleet in the repository"}, Set: func(s *sourceDraft, v schema.Value) { s.Path = v.Str }},
		{Attr: schema.Attr{Name: "poll", Kind: schema.Duration, Min: second, Max: 86400 * second, Default: `"30s"`, Doc: "Time between looks at the repository"}, Set: func(s *sourceDraft, v schema.Value) { s.Poll = v.Dur }},
		{Attr: schema.Attr{Name: "timeout", Kind: schema.Duration, Min: second, Max: 3600 * second, Default: `"60s"`, Doc: "Time after which a look has failed"}, Set: func(s *sourceDraft, v schema.Value) { s.Timeout = v.Dur }},
		{Attr: schema.Attr{Name: "username", Doc: "User for https"}, Set: func(s *sourceDraft, v schema.Value) { s.Username = v.Str }},
		{Attr: schema.Attr{Name: "token_file", Doc: "File with the token for https"}, Set: func(s *sourceDraft, v schema.Value) { s.TokenFile = v.Str }},
		{Attr: schema.Attr{Name: "ca_file", Doc: "Certificates that are trusted for https; those of the system if not written"}, Set: func(s *sourceDraft, v schema.Value) { s.CAFile = v.Str }},
		{Attr: schema.Attr{Name: "ssh_key_file", Doc: "Private key for ssh"}, Set: func(s *sourceDraft, v schema.Value) { s.SSHKeyFile = v.Str }},
		{Attr: schema.Attr{Name: "known_hosts_file", Doc: "Host keys for ssh; needed with ssh_key_file"}, Set: func(s *sourceDraft, v schema.Value) { s.KnownHostsFile = v.Str }},
	},
	Check: checkSource,
})

func checkSource(d *schema.Decoder, in *schema.Instance, s *sourceDraft) {
	refs := 0
	for _, r := range []string{s.Branch, s.Tag, s.Commit} {
		if r != "" {
			refs++
		}
	}
	switch {
	case refs == 0:
		d.Error(in.Header, "Nothing to follow", `Say what of the repository counts: write branch = "main", or a tag or commit.`)
	case refs > 1:
		d.Error(in.Header, "Several things to follow", "Only one of branch, tag and commit can count: remove the others.")
	case !filepath.IsLocal(s.Path):
		d.Error(in.At("path"), "Path outside of the repository", "path is a folder below the root of the repository: write it without a leading / and without \"..\".")
	case s.SSHKeyFile != "" && s.KnownHostsFile == "":
		d.Error(in.At("ssh_key_file"), "Missing known_hosts_file", "Without the server's key anyone could answer for it: write known_hosts_file = \"/etc/lbsync/known_hosts\".")
	case s.SSHKeyFile != "" && s.TokenFile != "":
		d.Error(in.At("token_file"), "Two kinds of access", "ssh_key_file is for ssh and token_file for https: remove the one that does not fit the url.")
	}
}

func checkAgent(d *schema.Decoder, in *schema.Instance, c *AgentConfig) {
	if c.Source.URL == "" && d.Clean() {
		d.Error(in.Header, "Missing source", `The agent needs a repository: write source "git" { url = "…" and branch = "main" }.`)
	}
	for name, path := range map[string]string{"state": c.State, "secrets": c.Secrets, "socket": c.Socket, "engine": c.Engine, "key_file": c.KeyFile} {
		if !filepath.IsAbs(path) {
			d.Error(in.At(name), "Path not absolute", fmt.Sprintf("%s is %q, and the agent has no folder of its own that it could begin at: write it from / on.", name, path))
		}
	}
	checkMetrics(d, in, c.Metrics)
	checkListen(d, in, c.Listen)
	for name, path := range map[string]string{"socket": c.Socket, "engine": c.Engine} {
		if len(path) > 107 { // sun_path, unix(7)
			d.Error(in.At(name), name+" too long", "The path of a socket has at most 107 bytes: write a shorter one.")
		}
	}
}

// checkMetrics takes an address, not a name: what a name means can change while the agent runs, and whoever reaches the port reads it.
func checkMetrics(d *schema.Decoder, in *schema.Instance, text string) {
	if text == "" {
		return
	}
	at, err := netip.ParseAddrPort(text)
	switch {
	case err != nil:
		d.Error(in.At("metrics"), "Not an address and port", fmt.Sprintf("metrics is %q: write an IP address of this host and a port, such as \"127.0.0.1:9101\" or \"[::1]:9101\", or \"\" for none.", text))
	case at.Port() == 0:
		d.Error(in.At("metrics"), "Port 0", fmt.Sprintf("metrics is %q, and nobody could know which port that is: write one from 1 to 65535.", text))
	case at.Addr().IsMulticast():
		d.Error(in.At("metrics"), "Multicast address", fmt.Sprintf("metrics is %q, and nobody can connect to a multicast address: write one of this host.", text))
	}
}

func checkListen(d *schema.Decoder, in *schema.Instance, listen string) {
	if listen == "" || listen == ListenOff {
		return
	}
	if at, err := netip.ParseAddrPort(listen); err != nil || at.Port() == 0 {
		d.Error(in.At("listen"), "Not an address and port", fmt.Sprintf("listen is %q: write an address of this host and a port, such as \"192.0.2.11:7946\" or \"[::]:7946\", or \"off\".", listen))
	}
}

// LoadAgentConfig reads the agent's own file. It is nil when there are errors; the diagnostics may be warnings alone.
func LoadAgentConfig(name string, src []byte) (*AgentConfig, hcl.Diagnostics) {
	r := &report{}
	if _, problem := scan.Split(src, scan.Options{}); problem != nil {
		r.error(problemRange(name, problem), problem.Summary, problem.Detail)
		return nil, r.diags
	}
	if len(src) > MaxBlockSize {
		return nil, hcl.Diagnostics{blockTooLarge(name, len(src))}
	}
	file, diags := hclsyntax.ParseConfig(src, name, hcl.InitialPos)
	if diags.HasErrors() {
		return nil, diags[:1]
	}
	d := newDecoder(&schema.Env{Locals: cty.EmptyObjectVal, Plain: true})
	var c AgentConfig
	agentBlock.Decode(d, &schema.Instance{Type: agentBlock.Name, Header: nowhere(name), Body: file.Body.(*hclsyntax.Body)}, &c)
	r.diags = d.Diags
	if diags := r.finish(nil); len(diags) > 0 {
		return nil, diags
	}
	return &c, inTheClear(file.Body.(*hclsyntax.Body), c.Source.URL)
}

// inTheClear warns of a repository that anyone on the path can replace. It is no error: the path may be a tunnel, or the host itself.
func inTheClear(body *hclsyntax.Body, url string) hcl.Diagnostics {
	if !strings.HasPrefix(strings.ToLower(url), "http://") {
		return nil
	}
	at := body.MissingItemRange()
	for _, b := range body.Blocks {
		if a, ok := b.Body.Attributes["url"]; ok {
			at = a.Expr.Range()
		}
	}
	return hcl.Diagnostics{{Severity: hcl.DiagWarning, Summary: "Repository without protection", Subject: &at,
		Detail: "Over http:// anyone between this host and the server can put another fleet in its place: use https:// or ssh://."}}
}
