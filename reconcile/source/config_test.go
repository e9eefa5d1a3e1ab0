package source

import (
	"strings"
	"testing"
)

func TestConfigRefused(t *testing.T) {
	for text, change := range map[string]func(*Config){
		"nothing to follow: set one of branch, tag and commit":                                   func(c *Config) { c.Branch = "" },
		`branch "main" and tag "v1": set only one of branch, tag and commit`:                     func(c *Config) { c.Tag = "v1" },
		`commit "abc": write the full id of 40 lower-case hexadecimal digits`:                    func(c *Config) { c.Branch, c.Commit = "", "abc" },
		`branch "a..b": git does not allow this name`:                                            func(c *Config) { c.Branch = "a..b" },
		`path "/site": write a folder of the repository without a leading slash or ..`:           func(c *Config) { c.Path = "/site" },
		`path "": write a folder`:                                                                func(c *Config) { c.Path = "" },
		`mirror folder "mirror": write an absolute path`:                                         func(c *Config) { c.Dir = "mirror" },
		"timeout 0s: write a duration above 0":                                                   func(c *Config) { c.Timeout = 0 },
		"clock: give a function":                                                                 func(c *Config) { c.Now = nil },
		"limit of files is 0: write a number above 0":                                            func(c *Config) { c.Limits.Files = 0 },
		"url: missing; write https://…, ssh://… or an absolute path":                             func(c *Config) { c.URL = "" },
		"url: not a git url; write https://":                                                     func(c *Config) { c.URL = "https://u:hush@host:port/x" },
		"url of git.example: holds a user or a password; put the secret into a file":             func(c *Config) { c.URL = "https://u:hush@git.example/x" },
		"url of forge.example: holds a user or a password":                                       func(c *Config) { c.URL = "https://hush@forge.example/x" },
		"url of lab.example: holds a query; git knows none":                                      func(c *Config) { c.URL = "https://lab.example/x?private_token=hush" },
		`url "https:///x": names no host`:                                                        func(c *Config) { c.URL = "https:///x" },
		`url "fleet.git": write an absolute path`:                                                func(c *Config) { c.URL = "fleet.git" },
		`url "git://host/x": scheme git is not supported; use https, ssh or a local path`:        func(c *Config) { c.URL = "git://host/x" },
		"url is http://, which would send the secret in the clear: use https://":                 func(c *Config) { c.URL, c.Auth.TokenFile = "http://host/x", "/t" },
		"token, user and certificate files are for https:// urls; this one is file":              func(c *Config) { c.Auth.CAFile = "/ca" },
		"ssh key, passphrase and known_hosts files are for ssh urls; this one is https":          func(c *Config) { c.URL, c.Auth.SSHKeyFile = "https://host/x", "/k" },
		"ssh url without a key: name the private key file":                                       func(c *Config) { c.URL = "git@host:x" },
		"ssh url without known_hosts: name a file with the server's key (ssh-keyscan HOST, then": func(c *Config) { c.URL, c.Auth.SSHKeyFile = "git@host:x", "/k" },
		"client certificate and its key come together: name both files":                          func(c *Config) { c.URL, c.Auth.CertFile = "https://host/x", "/c" },
		`user "ci" without a token: name the token file`:                                         func(c *Config) { c.URL, c.Auth.Username = "https://host/x", "ci" },
	} {
		cfg := config(t, "/srv/fleet.git")
		change(&cfg)
		_, err := Open(cfg)
		if err == nil || !strings.HasPrefix(err.Error(), "open git source: ") || !strings.Contains(err.Error(), text) {
			t.Errorf("%v\nwant %q", err, text)
		}
		if err != nil && strings.Contains(err.Error(), "hush") {
			t.Errorf("%v\nholds the secret of the url", err)
		}
	}
}

func TestConfigAccepted(t *testing.T) {
	for url, auth := range map[string]Auth{
		"/srv/fleet.git":                    {},
		"file:///srv/fleet.git":             {},
		"http://host/fleet.git":             {},
		"https://host:8443/fleet.git":       {Username: "ci", TokenFile: "/t", CAFile: "/ca", CertFile: "/c", KeyFile: "/k"},
		"ssh://git@host:2222/srv/x":         {SSHKeyFile: "/k", KnownHostsFile: "/h"},
		"git@host:org/fleet.git":            {SSHKeyFile: "/k", KnownHostsFile: "/h", PassphraseFile: "/p"},
		"ssh://git@[2001:db8::1]/fleet.git": {SSHKeyFile: "/k", KnownHostsFile: "/h"},
	} {
		cfg := config(t, url)
		cfg.Auth = auth
		open(t, cfg)
	}
}
