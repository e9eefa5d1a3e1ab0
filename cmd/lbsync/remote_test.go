package main

import (
	"context"
	"net"

	"github.com/rogpeppe/go-internal/testscript"
)

// hasEndpoints gives a script four addresses for directors, at ports that are free.
func hasEndpoints(env *testscript.Env) error {
	for _, name := range []string{"LB1", "LB2", "LB3", "LB4"} {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		defer func() { _ = l.Close() }() // not before the others have a port
		env.Setenv(name, l.Addr().String())
	}
	return nil
}

// waitListen waits until somebody listens at an address: `wait-listen $LB1`.
func waitListen(ts *testscript.TestScript, _ bool, args []string) {
	why := error(nil)
	until(ts, func(ctx context.Context) bool {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", args[0])
		if err == nil {
			err = c.Close()
		}
		why = err
		return err == nil
	}, func() string { return "nobody listens: " + why.Error() })
}

// newKey makes a key file and sets a variable to its public key: `new-key FILE NAME`.
func newKey(ts *testscript.TestScript, _ bool, args []string) {
	ts.Check(ts.Exec("lbsync", "keygen", "--out", args[0], "-o", "json"))
	ts.Setenv(args[1], jsonField([]byte(ts.ReadFile("stdout")), "public_keys.0"))
}
