package source

import (
	"fmt"
	"io/fs"
	"net/url"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/transport"
)

// Config says which repository to follow, where to keep it, and what it may cost.
type Config struct {
	// URL is https://…, ssh://user@host/…, user@host:path, file:///… or an absolute path. It holds no password.
	URL string

	// Exactly one of the three is set. Commit is a full id of 40 hexadecimal digits.
	Branch, Tag, Commit string

	// Path is the folder of the fleet inside the repository, slash-separated; "." is its root.
	Path string

	// Dir is the folder of the bare mirror on this machine. Its parent exists; nothing else is kept in it.
	Dir string

	// Timeout bounds one Fetch, from the first packet to the last byte on disk.
	Timeout time.Duration

	Auth   Auth
	Limits Limits

	// Now is the clock of the times in Status.
	Now func() time.Time
}

// Auth names files, read anew at each Fetch, so that a rotated secret needs no restart.
type Auth struct {
	Username  string // https: sent with the token; "" sends "git", which the common forges take with a token
	TokenFile string // https: file with a token or password, surrounding space ignored
	CAFile    string // https: PEM certificates trusted instead of the system's
	CertFile  string // https: PEM client certificate, with KeyFile
	KeyFile   string // https: PEM key of CertFile

	SSHKeyFile     string // ssh: private key
	PassphraseFile string // ssh: passphrase of SSHKeyFile; "" for a key without one
	KnownHostsFile string // ssh: known_hosts(5) file with the server's key
}

// Limits bound what a repository may cost; each is above 0.
type Limits struct {
	Received  int64 // bytes received from the server in one Fetch
	Object    int64 // bytes of the biggest object of the history, unpacked
	Files     int   // files and folders of one tree below Path
	TreeBytes int64 // bytes of all files of one tree below Path
	FileBytes int64 // bytes of one file below Path
}

// DefaultLimits suit a fleet of some hundred thousand lines with years of history.
func DefaultLimits() Limits {
	return Limits{Received: 1 << 30, Object: 64 << 20, Files: 50_000, TreeBytes: 256 << 20, FileBytes: 32 << 20}
}

var fullID = regexp.MustCompile(`^[0-9a-f]{40}$`)

func (c Config) validate() (*transport.Endpoint, error) {
	if err := c.validateRef(); err != nil {
		return nil, err
	}
	if !fs.ValidPath(c.Path) {
		return nil, fmt.Errorf("path %q: write a folder of the repository without a leading slash or .., or . for its root", c.Path)
	}
	if !filepath.IsAbs(c.Dir) {
		return nil, fmt.Errorf("mirror folder %q: write an absolute path", c.Dir)
	}
	if c.Timeout <= 0 {
		return nil, fmt.Errorf("timeout %v: write a duration above 0", c.Timeout)
	}
	if c.Now == nil {
		return nil, fmt.Errorf("clock: give a function that tells the time")
	}
	if err := c.Limits.validate(); err != nil {
		return nil, err
	}
	ep, err := endpoint(c.URL)
	if err != nil {
		return nil, err
	}
	return ep, c.Auth.validate(ep.Protocol)
}

func (c Config) validateRef() error {
	var set []string
	for _, r := range []struct{ kind, value string }{{"branch", c.Branch}, {"tag", c.Tag}, {"commit", c.Commit}} {
		if r.value != "" {
			set = append(set, fmt.Sprintf("%s %q", r.kind, r.value))
		}
	}
	switch {
	case len(set) == 0:
		return fmt.Errorf("nothing to follow: set one of branch, tag and commit")
	case len(set) > 1:
		return fmt.Errorf("%s: set only one of branch, tag and commit", strings.Join(set, " and "))
	case c.Commit != "" && !fullID.MatchString(c.Commit):
		return fmt.Errorf("commit %q: write the full id of 40 lower-case hexadecimal digits", c.Commit)
	case c.Commit == "" && c.ref().Validate() != nil:
		return fmt.Errorf("%s: git does not allow this name", set[0])
	}
	return nil
}

// ref is the full name of the tracked reference; "" for a commit.
func (c Config) ref() plumbing.ReferenceName {
	switch {
	case c.Branch != "":
		return plumbing.NewBranchReferenceName(c.Branch)
	case c.Tag != "":
		return plumbing.NewTagReferenceName(c.Tag)
	}
	return ""
}

// refText names the tracked revision for people.
func (c Config) refText() string {
	switch {
	case c.Branch != "":
		return "branch " + c.Branch
	case c.Tag != "":
		return "tag " + c.Tag
	}
	return "commit " + c.Commit
}

func (l Limits) validate() error {
	for _, v := range []struct {
		name  string
		value int64
	}{
		{"received bytes", l.Received}, {"object bytes", l.Object}, {"files", int64(l.Files)},
		{"tree bytes", l.TreeBytes}, {"file bytes", l.FileBytes},
	} {
		if v.value <= 0 {
			return fmt.Errorf("limit of %s is %d: write a number above 0", v.name, v.value)
		}
	}
	return nil
}

// endpoint parses the URL and refuses what could leak a secret or what go-git would do by running git.
func endpoint(raw string) (*transport.Endpoint, error) {
	if raw == "" {
		return nil, fmt.Errorf("url: missing; write https://…, ssh://… or an absolute path")
	}
	ep, err := transport.NewEndpoint(raw)
	if err != nil {
		// The text of url.Parse repeats its input, which may hold a password.
		return nil, fmt.Errorf("url: not a git url; write https://…, ssh://… or an absolute path")
	}
	if ep.Password != "" || (ep.User != "" && ep.Protocol != "ssh") {
		return nil, fmt.Errorf("url of %s: holds a user or a password; put the secret into a file of its own and name that as token file", ep.Host)
	}
	switch ep.Protocol {
	case "https", "http", "ssh":
		if ep.Host == "" {
			return nil, fmt.Errorf("url %q: names no host", raw)
		}
		if strings.Contains(ep.Path, "?") {
			return nil, fmt.Errorf("url of %s: holds a query; git knows none, and a secret does not belong there", ep.Host)
		}
	case "file":
		if u, err := url.Parse(raw); err == nil && u.Scheme == "" && !filepath.IsAbs(raw) {
			return nil, fmt.Errorf("url %q: write an absolute path", raw)
		}
	default:
		return nil, fmt.Errorf("url %q: scheme %s is not supported; use https, ssh or a local path", raw, ep.Protocol)
	}
	return ep, nil
}

func (a Auth) validate(scheme string) error {
	https := a.TokenFile != "" || a.Username != "" || a.CAFile != "" || a.CertFile != "" || a.KeyFile != ""
	ssh := a.SSHKeyFile != "" || a.PassphraseFile != "" || a.KnownHostsFile != ""
	switch {
	case https && scheme == "http":
		return fmt.Errorf("url is http://, which would send the secret in the clear: use https://")
	case https && scheme != "https":
		return fmt.Errorf("token, user and certificate files are for https:// urls; this one is %s", scheme)
	case ssh && scheme != "ssh":
		return fmt.Errorf("ssh key, passphrase and known_hosts files are for ssh urls; this one is %s", scheme)
	case scheme == "ssh" && a.SSHKeyFile == "":
		return fmt.Errorf("ssh url without a key: name the private key file")
	case scheme == "ssh" && a.KnownHostsFile == "":
		return fmt.Errorf("ssh url without known_hosts: name a file with the server's key (ssh-keyscan HOST, then compare its fingerprint)")
	case (a.CertFile == "") != (a.KeyFile == ""):
		return fmt.Errorf("client certificate and its key come together: name both files")
	case a.Username != "" && a.TokenFile == "":
		return fmt.Errorf("user %q without a token: name the token file", a.Username)
	}
	return nil
}
