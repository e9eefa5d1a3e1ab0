package source

import (
	"context"
	"crypto/tls"
	"errors"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"

	"github.com/go-git/go-git/v5/plumbing/transport"
	"golang.org/x/crypto/ssh/knownhosts"
)

// cause is one row of the table that turns an error of the network into a kind and a remedy.
type cause struct {
	match  func(error) bool
	kind   error
	remedy string
}

// causes is searched from the top: a certificate or a timeout arrives wrapped in a net.OpError or url.Error too.
var causes = []cause{
	{is(context.DeadlineExceeded), ErrTimeout, "the server hangs or the timeout is too short; the next poll tries again"},
	{is(os.ErrDeadlineExceeded), ErrTimeout, "the server hangs or the timeout is too short; the next poll tries again"},
	{as[*knownhosts.RevokedError], ErrHostKey, "the key is marked @revoked in the known_hosts file"},
	{hostUnknown, ErrHostKey, "the host is not in the known_hosts file: run ssh-keyscan for it, compare the fingerprint with what its operator publishes, add the line"},
	{as[*knownhosts.KeyError], ErrHostKey, "the host presents another key than the known_hosts file holds: find out why before you replace the line, someone may be in between"},
	{as[*tls.CertificateVerificationError], ErrTLS, "name the file of the authority that signed it as ca_file in agent.hcl, or repair the certificate"},
	{is(transport.ErrAuthenticationRequired), ErrAuth, "check that the token or key is present, has not expired and may read this repository"},
	{is(transport.ErrAuthorizationFailed), ErrAuth, "the token or key is known but may not read this repository: grant it read access"},
	{textHas("unable to authenticate"), ErrAuth, "the server takes none of what was offered: add the public key as a deploy key with read access, check the user in the url"},
	{is(errNotHere), ErrNotFound, "check the path in the url"},
	{is(transport.ErrRepositoryNotFound), ErrNotFound, "check the path in the url; a private repository looks missing to a token that may not read it"},
	{textHas("does not appear to be a git repository"), ErrNotFound, "check the path in the url"},
	{is(transport.ErrEmptyRemoteRepository), ErrEmpty, "push a first commit"},
	{textHas("not our ref"), ErrNoCommit, "the server does not hand it out: check the id, or follow a branch that contains it"},
	{is(errTooMuch), ErrTooLarge, "raise the limit if the repository is meant to be that large"},
	{as[*net.DNSError], ErrUnreachable, "check the host name in the url and this machine's resolver"},
	{as[*net.OpError], ErrUnreachable, "check that the server runs and that this machine may connect to it"},
	{anyOf(is(syscall.ENOSPC), is(syscall.EROFS), is(syscall.EDQUOT), as[*fs.PathError]), ErrDisk, "check space and permissions"},
}

// fault gives err its kind and remedy. It keeps what has one already, and the caller's own cancellation.
func fault(call string, err error, secret string) error {
	if err == nil || as[*Error](err) || errors.Is(err, context.Canceled) {
		return err
	}
	for _, c := range causes {
		if c.match(err) {
			return &Error{Call: call, Kind: c.kind, Cause: masked{err, secret}, Remedy: c.remedy}
		}
	}
	return &Error{Call: call, Kind: ErrProtocol, Cause: masked{err, secret}, Remedy: "see the log of the git server"}
}

func is(target error) func(error) bool { return func(err error) bool { return errors.Is(err, target) } }

func as[T error](err error) bool {
	_, ok := errors.AsType[T](err)
	return ok
}

func textHas(part string) func(error) bool {
	return func(err error) bool { return strings.Contains(err.Error(), part) }
}

func anyOf(matches ...func(error) bool) func(error) bool {
	return func(err error) bool {
		for _, m := range matches {
			if m(err) {
				return true
			}
		}
		return false
	}
}

// hostUnknown: knownhosts says "no line for this host" by a KeyError that wants nothing.
func hostUnknown(err error) bool {
	key, ok := errors.AsType[*knownhosts.KeyError](err)
	return ok && len(key.Want) == 0
}
