package api

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"time"

	"golang.org/x/net/netutil"

	"github.com/lbsync/lbsync/runtime/api/metrics"
)

// The bounds of a scrape over TCP, where anyone may connect who reaches the port: however many do, they cost the agent these connections
// and one read of the kernel at a time.
const (
	mostScrapers  = 16
	scrapeTimeout = 10 * time.Second // Prometheus' own default
	idleTimeout   = 2 * time.Minute
)

// ListenMetrics opens the port for scrapes.
func ListenMetrics(address string) (net.Listener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for scrapes of metrics on %s: %w; agent.hcl has the address", address, cause(err))
	}
	return netutil.LimitListener(l, mostScrapers), nil
}

// ServeMetrics answers GET /metrics, and nothing else, until ctx ends. It closes the listener.
func ServeMetrics(ctx context.Context, l net.Listener, h Handler) error {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", scrape(h))
	return run(ctx, l, &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: scrapeTimeout,
		ReadTimeout:       scrapeTimeout,
		WriteTimeout:      3 * scrapeTimeout, // wait for another scrape, read, write
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    longestHeader,
	})
}

// scrape reads for one at a time.
func scrape(h Handler) http.Handler {
	turn := make(chan struct{}, 1)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, cancel := context.WithTimeout(r.Context(), scrapeTimeout)
		defer cancel()
		select {
		case turn <- struct{}{}:
		case <-ctx.Done():
			http.Error(w, "another scrape is being read", http.StatusServiceUnavailable)
			return
		}
		s := h.Metrics(ctx)
		<-turn
		w.Header().Set("Content-Type", metrics.Format)
		_ = metrics.Write(w, &s) // the caller has gone; nobody is left to tell
	})
}
