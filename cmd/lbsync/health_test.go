package main

import (
	"net"

	"github.com/rogpeppe/go-internal/testscript"
)

// reals are the listeners of a script, by the variable that has the port.
type reals map[string]net.Listener

type realsKey struct{}

// realCommand is a real server for scripts, as far as a tcp check goes:
//
//	real start NAME    listens on loopback; $NAME is the port, the same one each time
//	real stop NAME     refuses connections from now on
func realCommand(ts *testscript.TestScript, _ bool, args []string) {
	all := ts.Value(realsKey{}).(reals)
	name := args[1]
	switch args[0] {
	case "start":
		port := ts.Getenv(name)
		if port == "" {
			port = "0"
		}
		l, err := net.Listen("tcp", net.JoinHostPort("127.0.0.1", port))
		ts.Check(err)
		_, port, err = net.SplitHostPort(l.Addr().String())
		ts.Check(err)
		ts.Setenv(name, port)
		all[name] = l
		ts.Defer(func() { _ = l.Close() })
		go answerAll(l)
	case "stop":
		ts.Check(all[name].Close())
	default:
		ts.Fatalf("real %q is not known", args[0])
	}
}

// answerAll takes connections and ends them, until the listener is closed.
func answerAll(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		_ = c.Close()
	}
}
