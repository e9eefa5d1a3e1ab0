package api

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/lbsync/lbsync/spec"
	"github.com/lbsync/lbsync/spec/identity"
)

// Channel answers the other directors and the operators whose keys the fleet declares, over TLS 1.3. A director may ask for the report
// and for a sample of connections, and change nothing; an operator may use the routes of the local socket, within the role. Everybody
// else is refused in the handshake, and counted.
type Channel struct {
	self    string
	keys    *identity.Keyring
	sample  Sampler
	teller  teller
	refused refusals

	shakes   *rates[string] // handshakes, by network of the caller
	requests *rates[string] // by key
	samples  *rates[string] // by director
	sampling sync.Mutex

	mu      sync.Mutex
	trusted map[string]caller // by public key
	former  map[string]string // by public key that was trusted: whose it was
	links   map[*link]struct{}
}

// Sampler takes a sample of this director's connections.
type Sampler func(context.Context) (spec.ConnSample, error)

// The bounds of the channel. A cluster has at most 64 directors, and each needs two connections; a wave after has at most 250, which
// need one.
const (
	maxLinks       = 1024
	maxLinksKey    = 16
	maxShakes      = 64 // handshakes at once
	shakesASecond  = 20 // of one network
	shakesBurst    = 100
	requestsSecond = 50 // of one key
	requestsBurst  = 100
	sampleEvery    = 2 * time.Second // of one director
	shakeWithin    = 5 * time.Second
	idleFor        = time.Minute
)

// NewChannel makes a channel that trusts nobody yet. Without a sampler there is no sample.
func NewChannel(self string, keys *identity.Keyring, sample Sampler) *Channel {
	return &Channel{
		self: self, keys: keys, sample: sample, trusted: map[string]caller{}, former: map[string]string{}, links: map[*link]struct{}{},
		shakes: newRates[string](shakesASecond, shakesBurst), requests: newRates[string](requestsSecond, requestsBurst),
		samples: newRates[string](1/sampleEvery.Seconds(), 1),
	}
}

// Refused are those who were not let in or not answered, the newest first, and how many there were of each kind; the table is bounded.
func (c *Channel) Refused() ([]spec.PeerRefusal, map[spec.RefusedFor]uint64) {
	return c.refused.list()
}

// Serve answers on the listener until ctx ends, and closes it.
func (c *Channel) Serve(ctx context.Context, l net.Listener, h Handler) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	g := c.guard(ctx, l)
	srv := &http.Server{
		Handler:           c.routes(h),
		ReadHeaderTimeout: readTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      answerTimeout + readTimeout,
		IdleTimeout:       idleFor,
		MaxHeaderBytes:    longestHeader,
		ConnContext: func(ctx context.Context, conn net.Conn) context.Context {
			return context.WithValue(ctx, linkKey{}, conn.(*link))
		},
	}
	stopped := make(chan error, 1)
	stop := context.AfterFunc(ctx, func() {
		c.teller.end()
		stopped <- shutdown(srv)
	})
	err := srv.Serve(g)
	if !stop() {
		err = <-stopped
	} else {
		err = fmt.Errorf("serve %s: %w", l.Addr(), err)
	}
	cancel()
	g.wait()
	c.closeIf(func(caller) bool { return true })
	return err
}

type linkKey struct{}

func linkOf(ctx context.Context) *link { return ctx.Value(linkKey{}).(*link) }

func callerOf(ctx context.Context) caller { return linkOf(ctx).caller }

// refuse counts a request that is not answered, and says why.
func (c *Channel) refuse(w http.ResponseWriter, r *http.Request, code int, kind spec.RefusedFor, err error) {
	l := linkOf(r.Context())
	c.refused.add(l.from, l.key, refusal{kind, l.caller.String(), err.Error()}, time.Now())
	if code == http.StatusTooManyRequests {
		w.Header().Set("Retry-After", "1")
	}
	fail(w, code, err)
}

// routes are those of directors and those of operators.
func (c *Channel) routes(h Handler) http.Handler {
	peers := http.NewServeMux()
	peers.HandleFunc("GET /v1/peer/report", c.report)
	peers.HandleFunc("GET /v1/peer/sample", c.takeSample)
	operators := documents(h)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		who := callerOf(r.Context())
		ctx, cancel := context.WithTimeout(r.Context(), answerTimeout)
		defer cancel()
		switch {
		case !c.requests.allow(who.key, time.Now()):
			c.refuse(w, r, http.StatusTooManyRequests, spec.RefusedTooMany, fmt.Errorf("more than %d requests a second", requestsSecond))
		case r.ContentLength < 0 || r.ContentLength > longestBody: // below 0: it does not say
			c.refuse(w, r, http.StatusRequestEntityTooLarge, spec.RefusedTooLarge, fmt.Errorf("the request does not say how long it is, or is over %d bytes", longestBody))
		case who.director != "":
			peers.ServeHTTP(w, r.WithContext(ctx))
		case r.Method != http.MethodGet && !who.operates:
			c.refuse(w, r, http.StatusForbidden, spec.RefusedRole, fmt.Errorf("operator %q has the role view, which changes nothing: role = \"operate\" would", who.operator))
		default:
			operators.ServeHTTP(w, r.WithContext(context.WithValue(ctx, actorKey{}, spec.Actor{Operator: who.operator})))
		}
	})
}

func (c *Channel) takeSample(w http.ResponseWriter, r *http.Request) {
	switch {
	case callerOf(r.Context()).later:
		c.refuse(w, r, http.StatusForbidden, spec.RefusedRole, errors.New("samples are for the directors of the own clusters"))
		return
	case c.sample == nil:
		fail(w, http.StatusNotFound, errors.New("this director takes no samples of its connections"))
		return
	case !c.samples.allow(callerOf(r.Context()).director, time.Now()):
		w.Header().Set("Retry-After", "2")
		fail(w, http.StatusTooManyRequests, fmt.Errorf("a director gets one sample in %v", sampleEvery))
		return
	case !c.sampling.TryLock():
		w.Header().Set("Retry-After", "1")
		fail(w, http.StatusTooManyRequests, errors.New("another sample is being taken"))
		return
	}
	defer c.sampling.Unlock()
	read(c.sample, writeJSON[spec.ConnSample])(w, r)
}
