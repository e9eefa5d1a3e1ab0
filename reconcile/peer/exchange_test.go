package peer

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
	"github.com/lbsync/lbsync/spec/identity"
)

var quick = times{silent: 50 * time.Millisecond, answer: 40 * time.Millisecond, pace: time.Millisecond, retry: time.Millisecond, retryMax: 5 * time.Millisecond}

// plain connects without TLS: whom one meets is tested in identity, and where all is wired together.
func plain(ctx context.Context, endpoint string, _ []string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, "tcp", endpoint)
}

// director answers as one, with what it is told to say.
type director struct {
	mu    sync.Mutex
	says  func(w http.ResponseWriter, r *http.Request)
	asked []string
}

func (d *director) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	d.mu.Lock()
	says := d.says
	d.asked = append(d.asked, r.URL.RequestURI())
	d.mu.Unlock()
	says(w, r)
}

func (d *director) say(f func(http.ResponseWriter, *http.Request)) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.says = f
}

// report says r, and then that there is nothing new.
func (d *director) report(r spec.PeerReport) {
	d.say(func(w http.ResponseWriter, req *http.Request) {
		if req.FormValue("boot") == r.Boot && req.FormValue("after") == fmt.Sprint(r.Serial) {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		_ = json.NewEncoder(w).Encode(r)
	})
}

func start(t *testing.T) (*director, Peer) {
	t.Helper()
	d := &director{}
	s := httptest.NewServer(d)
	t.Cleanup(s.Close)
	return d, Peer{Name: "lb2", Endpoint: s.Listener.Addr().String(), Keys: []string{"k"}}
}

func exchange(t *testing.T, tm times, peers ...Peer) *Exchange {
	t.Helper()
	e := newExchange("lb1", plain, tm)
	t.Cleanup(e.Close)
	e.Watch(peers)
	return e
}

// wait is for the facts to be so.
func wait(t *testing.T, e *Exchange, what string, ok func(map[string]spec.PeerFact) bool) map[string]spec.PeerFact {
	t.Helper()
	patience := time.NewTimer(time.Minute)
	defer patience.Stop()
	for {
		if f := e.Facts(); ok(f) {
			return f
		}
		select {
		case <-e.Changed():
		case <-patience.C:
			t.Fatalf("wait for %s: %+v", what, e.Facts())
		}
	}
}

func serial(n uint64) func(map[string]spec.PeerFact) bool {
	return func(f map[string]spec.PeerFact) bool { return f["lb2"].Answers() && f["lb2"].Report.Serial == n }
}

func silent(f map[string]spec.PeerFact) bool { return !f["lb2"].Silent.IsZero() }

func TestReportsComeIn(t *testing.T) {
	d, p := start(t)
	d.report(spec.PeerReport{Version: 1, Director: "lb2", Boot: "a", Serial: 4, Commit: "one"})
	e := exchange(t, quick, p, Peer{Name: "lb1", Endpoint: "192.0.2.1:1"})
	f := wait(t, e, "the first report", serial(4))
	if len(f) != 1 || f["lb2"].Report.Commit != "one" || f["lb2"].Heard.IsZero() || f["lb2"].Why != "" {
		t.Errorf("facts: %+v", f)
	}
	d.report(spec.PeerReport{Version: 1, Director: "lb2", Boot: "a", Serial: 5})
	wait(t, e, "the next", serial(5))
	d.report(spec.PeerReport{Version: 1, Director: "lb2", Boot: "b", Serial: 1}) // it was restarted
	wait(t, e, "that of another run", serial(1))
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.asked[0] != "/v1/peer/report?after=0&boot=" {
		t.Errorf("first asked %q", d.asked[0])
	}
}

// What a director cannot say of itself is not taken, and is no sign of life.
func TestReportsAreJudged(t *testing.T) {
	good := spec.PeerReport{Version: 1, Director: "lb2", Boot: "a", Serial: 7}
	for name, c := range map[string]struct {
		says func(w http.ResponseWriter, r *http.Request)
		why  string
	}{
		"another director": {told(spec.PeerReport{Version: 1, Director: "lb3", Boot: "z", Serial: 9}), "that of another director"},
		"an older report":  {told(spec.PeerReport{Version: 1, Director: "lb2", Boot: "a", Serial: 6}), "older than the last one"},
		"another version":  {told(spec.PeerReport{Version: 2, Director: "lb2", Boot: "z", Serial: 9}), "another version"},
		"rubbish":          {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "{") }, "cannot be read"},
		"too large":        {func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(make([]byte, maxReport+1)) }, "too large"},
	} {
		t.Run(name, func(t *testing.T) {
			d, p := start(t)
			d.report(good)
			patient := quick
			patient.answer = time.Minute // a megabyte takes its time on a busy machine
			e := exchange(t, patient, p)
			wait(t, e, "the good one", serial(7))
			d.say(c.says)
			f := wait(t, e, "silence for this reason", func(f map[string]spec.PeerFact) bool { return silent(f) && strings.Contains(f["lb2"].Why, c.why) })["lb2"]
			if f.Report.Serial != 7 || f.Report.Director != "lb2" || f.Answers() {
				t.Errorf("fact: %+v", f)
			}
			if r, totals := e.Refused(); len(r) != 1 || r[0].Who != "director lb2" || totals[r[0].For] != r[0].Count || !strings.Contains(r[0].Why, c.why) || r[0].Count == 0 {
				t.Errorf("refused: %+v", r)
			}
			d.report(good)
			wait(t, e, "the good one again", serial(7))
		})
	}
}

func told(r spec.PeerReport) func(http.ResponseWriter, *http.Request) {
	return func(w http.ResponseWriter, _ *http.Request) { _ = json.NewEncoder(w).Encode(r) }
}

func TestErrorsAreNamed(t *testing.T) {
	d, p := start(t)
	d.say(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTooManyRequests)
		_, _ = io.WriteString(w, `{"error":"more than 50 requests a second"}`)
	})
	e := exchange(t, quick, p)
	f := wait(t, e, "silence", silent)["lb2"]
	if f.Report != nil || f.Why != "it answers: more than 50 requests a second" || f.Silent.IsZero() {
		t.Errorf("fact: %+v", f)
	}
	if r, _ := e.Refused(); len(r) != 0 {
		t.Errorf("refused: %+v", r)
	}
	wrong := newExchange("lb1", func(context.Context, string, []string) (net.Conn, error) {
		return nil, fmt.Errorf("192.0.2.2:1: %w", identity.ErrWrongKey)
	}, quick)
	t.Cleanup(wrong.Close)
	wrong.Watch([]Peer{p})
	wait(t, wrong, "silence", silent)
	if r, _ := wrong.Refused(); len(r) != 1 || r[0].For != spec.RefusedOtherKey || !strings.Contains(r[0].Why, "another key") {
		t.Errorf("refused: %+v", r)
	}
}

// A listener that accepts and says nothing costs nothing that grows.
func TestBlackHoleCostsNothing(t *testing.T) {
	hole, err := net.Listen("tcp", "127.0.0.1:0") // its backlog accepts
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = hole.Close() })
	var mu sync.Mutex
	var counts []int
	enough := make(chan struct{})
	e := newExchange("lb1", func(ctx context.Context, endpoint string, keys []string) (net.Conn, error) {
		mu.Lock()
		if counts = append(counts, runtime.NumGoroutine()); len(counts) == 40 {
			close(enough)
		}
		mu.Unlock()
		return plain(ctx, endpoint, keys)
	}, quick)
	t.Cleanup(e.Close)
	e.Watch([]Peer{{Name: "lb2", Endpoint: hole.Addr().String()}})
	<-enough
	mu.Lock()
	defer mu.Unlock()
	for i, n := range counts[5:40] {
		if n > counts[4]+4 {
			t.Errorf("%d goroutines at the connect %d, %d at the fifth", n, i+5, counts[4])
		}
	}
	if f := e.Facts()["lb2"]; f.Why != "no answer in time" || f.Silent.IsZero() {
		t.Errorf("fact: %+v", f)
	}
}

func TestWatchReplaces(t *testing.T) {
	d, p := start(t)
	d.report(spec.PeerReport{Version: 1, Director: "lb2", Boot: "a", Serial: 4})
	e := exchange(t, quick, p)
	wait(t, e, "a report", serial(4))
	p.Keys = []string{"other"}
	e.Watch([]Peer{p})
	if !e.Facts()["lb2"].Answers() {
		t.Error("what is known is lost with a key")
	}
	p.Endpoint = "127.0.0.1:1"
	e.Watch([]Peer{p})
	wait(t, e, "silence at another endpoint", silent)
	e.Watch(nil)
	if r, _ := e.Refused(); len(e.Facts()) != 0 || len(r) != 0 {
		t.Error("a director that is not watched is still known")
	}
	if _, err := e.Sample(t.Context(), "lb2"); err == nil {
		t.Error("it is still asked")
	}
}

// Who waits for another director says at each look whom it asks: to be told that this is news would have it look again at once, for ever.
func TestWatchingTheSameIsNoNews(t *testing.T) {
	d, p := start(t)
	d.report(spec.PeerReport{Version: 1, Director: "lb2", Boot: "a", Serial: 4})
	e := exchange(t, quick, p)
	wait(t, e, "a report", serial(4))
	select { // what the report was told with
	case <-e.Changed():
	default:
	}
	e.Watch([]Peer{p, {Name: "lb1", Endpoint: "192.0.2.1:1"}})
	select {
	case <-e.Changed():
		t.Error("the same directors are news")
	default:
	}
	e.Watch(nil)
	select {
	case <-e.Changed():
	default:
		t.Error("one director fewer is no news")
	}
}

func TestSample(t *testing.T) {
	d, p := start(t)
	d.say(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/v1/peer/sample" {
			w.WriteHeader(http.StatusNoContent)
			return
		}
		_ = json.NewEncoder(w).Encode(spec.ConnSample{Version: 1, Total: 3, Hashes: []uint64{1 << 63}})
	})
	e := exchange(t, quick, p)
	s, err := e.Sample(t.Context(), "lb2")
	if err != nil || s.Total != 3 || s.Hashes[0] != 1<<63 {
		t.Errorf("%+v, %v", s, err)
	}
}
