package main

import (
	"context"
	"net"
	"strings"
	"sync"

	"github.com/rogpeppe/go-internal/testscript"
)

// supervisor is the receiving end of sd_notify(3).
type supervisor struct {
	mu   sync.Mutex
	said []string
}

// listenAsSystemd gives a script's agents a supervisor, which expects a sign of life every second.
func listenAsSystemd(env *testscript.Env) error {
	path := env.WorkDir + "/notify"
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return err
	}
	s := &supervisor{}
	go s.listen(conn)
	env.Defer(func() { _ = conn.Close() }) // ends listen
	env.Values["supervisor"] = s
	env.Setenv("NOTIFY_SOCKET", path)
	env.Setenv("WATCHDOG_USEC", "1000000")
	return nil
}

func (s *supervisor) listen(conn *net.UnixConn) {
	b := make([]byte, 4096)
	for {
		n, err := conn.Read(b)
		if err != nil {
			return
		}
		s.mu.Lock()
		s.said = append(s.said, strings.Split(string(b[:n]), "\n")...)
		s.mu.Unlock()
	}
}

// notified waits until the agent told its supervisor something that begins so: `notified READY=1`.
func notified(ts *testscript.TestScript, _ bool, args []string) {
	s := ts.Value("supervisor").(*supervisor)
	until(ts, func(context.Context) bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, line := range s.said {
			if strings.HasPrefix(line, args[0]) {
				return true
			}
		}
		return false
	}, func() string { return args[0] + " was not said" })
}
