package source

import (
	"fmt"
	"os"

	gitssh "github.com/go-git/go-git/v5/plumbing/transport/ssh"
	"golang.org/x/crypto/ssh"
)

// sshConfig asks the server for the kinds of key that known_hosts holds: else it may show one that is not listed and look like a stranger.
func sshConfig(a Auth, user, host string) (*ssh.ClientConfig, error) {
	signer, err := readKey(a)
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(a.KnownHostsFile); err != nil {
		return nil, &Error{Call: "read known_hosts", Kind: ErrHostKey, Cause: err, Remedy: "run ssh-keyscan for the host and compare the fingerprint"}
	}
	known, err := gitssh.NewKnownHostsDb(a.KnownHostsFile)
	if err != nil {
		return nil, &Error{Call: "read known_hosts " + a.KnownHostsFile, Kind: ErrHostKey, Cause: err, Remedy: "repair the line"}
	}
	return &ssh.ClientConfig{
		User:              user,
		Auth:              []ssh.AuthMethod{ssh.PublicKeys(signer)},
		HostKeyCallback:   known.HostKeyCallback(),
		HostKeyAlgorithms: known.HostKeyAlgorithms(host),
	}, nil
}

func readKey(a Auth) (ssh.Signer, error) {
	bad := func(err error, remedy string) error {
		return &Error{Call: "read ssh key " + a.SSHKeyFile, Kind: ErrAuth, Cause: err, Remedy: remedy}
	}
	pem, err := os.ReadFile(a.SSHKeyFile)
	if err != nil {
		return nil, bad(err, "check the path")
	}
	var signer ssh.Signer
	if a.PassphraseFile == "" {
		signer, err = ssh.ParsePrivateKey(pem)
	} else {
		passphrase, readErr := readSecret("passphrase file", a.PassphraseFile)
		if readErr != nil {
			return nil, readErr
		}
		signer, err = ssh.ParsePrivateKeyWithPassphrase(pem, []byte(passphrase))
	}
	if as[*ssh.PassphraseMissingError](err) {
		return nil, bad(fmt.Errorf("it has a passphrase"), "name a passphrase file, or use a deploy key without one")
	}
	if err != nil {
		return nil, bad(err, "write a private key in OpenSSH or PEM form, with its passphrase if it has one")
	}
	return signer, nil
}
