package main

import (
	"context"
	"errors"
	"log/slog"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/lbsync/lbsync/runtime/director/directortest"
	"github.com/lbsync/lbsync/runtime/engine/line"
	"github.com/lbsync/lbsync/spec"
)

// scriptEngine is a script's engine: what it knows outlives its stop, as that of the real one does in its state file.
type scriptEngine struct {
	*directortest.Engine
	stop func() error // nil while it does not run
}

// hasEngine gives a script an engine that does not run yet, with the name of its socket.
func hasEngine(env *testscript.Env) {
	e := &scriptEngine{Engine: directortest.New()}
	env.Values["engine"] = e
	env.Setenv("ENGINE", env.WorkDir+"/engine.sock")
	env.Defer(func() {
		if e.stop != nil {
			_ = e.stop()
		}
	})
}

// engineCommand is the engine for scripts, behind its real socket:
//
//	engine start                     it answers
//	engine stop                      it does not
//	engine turn INSTANCE STATE WHY   a transition
//	engine secret NAME               what the agent gave it
func engineCommand(ts *testscript.TestScript, _ bool, args []string) {
	e := ts.Value("engine").(*scriptEngine)
	switch args[0] {
	case "start":
		l, err := line.Listen(ts.Getenv("ENGINE"))
		ts.Check(err)
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		go func() { ended <- line.Serve(ctx, l, e, slog.New(slog.DiscardHandler)) }()
		e.Away(nil)
		e.stop = func() error { cancel(); return <-ended }
	case "stop":
		e.Away(errors.New("it stops")) // ends what waits for an event
		ts.Check(e.stop())
		e.stop = nil
	case "turn":
		e.Turn(spec.InstanceKey(args[1]), spec.VRRPState(args[2]), args[3])
	case "secret":
		_, err := ts.Stdout().Write([]byte(e.Secrets()[args[1]]))
		ts.Check(err)
	default:
		ts.Fatalf("engine %q is not known", args[0])
	}
}
