package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"github.com/lbsync/lbsync/runtime/api/metrics"
	"github.com/lbsync/lbsync/spec"
)

// Handler is the agent as the socket needs it. Every method may be called from several goroutines at once.
type Handler interface {
	Documents
	// Do carries out a command that passed its Check; an error is a command that does not fit the agent's state.
	Do(ctx context.Context, c spec.Command) (spec.CommandResult, error)
	Archive
}

// Documents are what the agent says of now.
type Documents interface {
	Status(ctx context.Context) (spec.Status, error)
	Snapshot(ctx context.Context) (spec.Snapshot, error)
	Stats(ctx context.Context) (spec.Stats, error)
	Checks(ctx context.Context) (spec.Checks, error)
	// Metrics is status and counters at one moment; what cannot be read is left out.
	Metrics(ctx context.Context) metrics.Scrape
}

// The bounds of one request. A command may wait for a fetch and an apply.
const (
	longestBody    = 64 << 10
	longestHeader  = 16 << 10
	readTimeout    = 10 * time.Second
	answerTimeout  = 5 * time.Minute
	shutdownWithin = 3 * time.Second
)

// Serve answers on the listener until ctx ends, then lets running requests finish for a few seconds. It closes the listener.
func Serve(ctx context.Context, l net.Listener, h Handler) error {
	return run(ctx, l, &http.Server{
		Handler:           routes(h),
		ReadHeaderTimeout: readTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      answerTimeout + readTimeout,
		MaxHeaderBytes:    longestHeader,
		ConnContext:       withActor,
	})
}

func run(ctx context.Context, l net.Listener, srv *http.Server) error {
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() { stopped <- shutdown(srv) })
	err := srv.Serve(l)
	if !stop() {
		return <-stopped
	}
	return fmt.Errorf("serve %s: %w", l.Addr(), err)
}

func shutdown(srv *http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), shutdownWithin)
	defer cancel()
	if err := srv.Shutdown(ctx); err != nil {
		return srv.Close()
	}
	return nil
}

func routes(h Handler) http.Handler { return onlyAllowed(documents(h)) }

// documents are what the socket and the channel to operators have both.
func documents(h Handler) *http.ServeMux {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /v1/status", read(h.Status, writeJSON))
	mux.HandleFunc("GET /v1/snapshot", read(h.Snapshot, writeSnapshot))
	mux.HandleFunc("GET /v1/stats", read(h.Stats, writeStats))
	mux.HandleFunc("GET /v1/checks", read(h.Checks, writeChecks))
	mux.Handle("GET /v1/metrics", scrape(h))
	mux.HandleFunc("POST /v1/command", command(h))
	archive(mux, h)
	return mux
}

func onlyAllowed(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := actor(r.Context()); err != nil {
			fail(w, http.StatusForbidden, err)
			return
		}
		ctx, cancel := context.WithTimeout(r.Context(), answerTimeout)
		defer cancel()
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

func read[T any](get func(context.Context) (T, error), write func(http.ResponseWriter, T)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		v, err := get(r.Context())
		if err != nil {
			fail(w, http.StatusServiceUnavailable, err)
			return
		}
		write(w, v)
	}
}

func command(h Handler) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		cmd, err := decodeCommand(w, r)
		if err != nil {
			fail(w, http.StatusBadRequest, err)
			return
		}
		out, err := h.Do(r.Context(), cmd)
		if err != nil {
			fail(w, http.StatusConflict, err)
			return
		}
		writeJSON(w, out)
	}
}

func decodeCommand(w http.ResponseWriter, r *http.Request) (spec.Command, error) {
	var cmd spec.Command
	dec := json.NewDecoder(http.MaxBytesReader(w, r.Body, longestBody))
	// A field that this agent does not know would otherwise be left out in silence.
	dec.DisallowUnknownFields()
	err := dec.Decode(&cmd)
	if large, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return cmd, fmt.Errorf("request is over %d bytes", large.Limit)
	}
	if err != nil {
		return cmd, fmt.Errorf("read command: %w", err)
	}
	if cmd.Actor, err = actor(r.Context()); err != nil {
		return cmd, err
	}
	return cmd, cmd.Check()
}
