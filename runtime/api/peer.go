package api

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/runtime/local"
	"github.com/lbsync/lbsync/spec"
)

type actorKey struct{}

// withActor keeps who is at the other end of a connection. An unknown one is kept as no actor at all, and is refused.
func withActor(ctx context.Context, conn net.Conn) context.Context {
	cred, err := local.Peer(conn.(*net.UnixConn))
	if err != nil {
		return ctx
	}
	return context.WithValue(ctx, actorKey{}, spec.Actor{UID: cred.Uid, Login: login(cred)})
}

func actor(ctx context.Context) (spec.Actor, error) {
	a, ok := ctx.Value(actorKey{}).(spec.Actor)
	if !ok {
		return a, errors.New("the caller's credentials cannot be read")
	}
	if a.Operator != "" {
		return a, nil // of the channel, which has judged the role
	}
	if !local.MayAsk(a.UID, os.Geteuid()) {
		return a, fmt.Errorf("%s may not use this socket: run as root", a)
	}
	return a, nil
}

// login is who logged in, which sudo does not change (proc_pid_loginuid(5)); without a login session it is the name of the uid.
func login(cred *unix.Ucred) string {
	const unset = "4294967295"
	id := strconv.FormatUint(uint64(cred.Uid), 10)
	b, err := os.ReadFile("/proc/" + strconv.Itoa(int(cred.Pid)) + "/loginuid")
	if session := strings.TrimSpace(string(b)); err == nil && session != "" && session != unset {
		id = session
	}
	u, err := user.LookupId(id)
	if err != nil {
		return ""
	}
	return u.Username
}
