package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/lbsync/lbsync/spec"
)

func (f *fake) Records(_ context.Context, q spec.RecordQuery) (spec.RecordPage, error) {
	f.query = q
	return spec.RecordPage{Version: 1, Director: "lb1", Lines: []string{`{"v":1,"author":"Ann <ann@example.org>"}`}, Next: f.next}, f.err
}

func (f *fake) History(_ context.Context, most int) (spec.HistoryPage, error) {
	return spec.HistoryPage{Version: 1, Director: "lb1", Generations: json.RawMessage(`[]`), More: most == 7}, f.err
}

func (f *fake) Verify(_ context.Context, heads []string) (spec.Verification, error) {
	b, err := json.Marshal(heads)
	return spec.Verification{Version: 1, Director: "lb1", Report: b}, errors.Join(err, f.err)
}

func TestArchiveIsAskedAsTheClientAsks(t *testing.T) {
	f := &fake{next: 12}
	c, _ := serve(t, f)
	at := time.Date(2026, 3, 4, 5, 6, 7, 8, time.UTC)
	q := spec.RecordQuery{Commit: "abc", Object: "tcp 192.0.2.1:80 > x", Events: []string{"drift", "step"}, Since: at, Until: at.Add(time.Hour), After: 9, Limit: 3}
	page, err := c.Records(t.Context(), q)
	if err != nil || !reflect.DeepEqual(f.query, q) {
		t.Errorf("asked %+v, %v, want %+v", f.query, err, q)
	}
	if len(page.Lines) != 1 || page.Lines[0] != `{"v":1,"author":"Ann <ann@example.org>"}` || page.Next != 12 {
		t.Errorf("page: %+v", page)
	}
	if _, err := c.Records(t.Context(), spec.RecordQuery{After: 12}); err == nil || !strings.Contains(err.Error(), "after record 12 the agent goes on after 12") {
		t.Errorf("an agent that does not go on: %v", err)
	}
	if h, err := c.History(t.Context(), 7); err != nil || !h.More {
		t.Errorf("history: %+v, %v", h, err)
	}
	if v, err := c.Verify(t.Context(), "1:a", "2:b"); err != nil || string(v.Report) != `["1:a","2:b"]` {
		t.Errorf("verification: %s, %v", v.Report, err)
	}
}

func TestArchiveRefusesWhatMakesNoSense(t *testing.T) {
	mux := http.NewServeMux()
	f := &fake{}
	archive(mux, f)
	ask := func(path string) (int, string) {
		w := httptest.NewRecorder()
		mux.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), "GET", path, nil))
		return w.Code, w.Body.String()
	}
	many := strings.Repeat("event=drift&", maxWords+1)
	for path, want := range map[string]string{
		"/v1/records?limit=-1":                     "write a number from 0",
		"/v1/records?limit=many":                   "write a number from 0",
		"/v1/records?after=x":                      "write the sequence number",
		"/v1/records?since=yesterday":              "write a time such as",
		"/v1/records?until=1":                      "write a time such as",
		"/v1/records?object=" + long(maxWord+1):    "object has 257 bytes, at most 256",
		"/v1/records?" + many:                      "event stands there 65 times, at most 64",
		"/v1/records?who=me":                       `\"who\" is not known`,
		"/v1/records?a;b":                          "semicolon",
		"/v1/history?limit=x":                      "write a number from 0",
		"/v1/history?before=3":                     `\"before\" is not known`,
		"/v1/verification?head=1&heads=2":          `\"heads\" is not known`,
		"/v1/verification?head=" + long(maxWord+1): "head has 257 bytes",
	} {
		if code, body := ask(path); code != http.StatusBadRequest || !strings.Contains(body, want) {
			t.Errorf("%.60s: %d %s, want 400 and %q", path, code, body, want)
		}
	}
	f.err = fmt.Errorf("%w: no such event", ErrQuestion)
	if code, body := ask("/v1/records"); code != http.StatusBadRequest || !strings.Contains(body, "no such event") {
		t.Errorf("the agent's own judgement: %d %s", code, body)
	}
	f.err = errors.New("disk")
	if code, body := ask("/v1/records"); code != http.StatusServiceUnavailable || !strings.Contains(body, "disk") {
		t.Errorf("a failure: %d %s", code, body)
	}
}

func long(n int) string { return strings.Repeat("x", n) }

func TestPace(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPace(time.Second)
		begun := time.Now()
		first, err := p.turn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		second := make(chan time.Duration)
		go func() {
			done, err := p.turn(t.Context())
			if err != nil {
				t.Error(err)
			}
			second <- time.Since(begun)
			done()
		}()
		synctest.Wait()
		impatient, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := p.turn(impatient); !errors.Is(err, errBusy) {
			t.Errorf("while one works: %v", err)
		}
		<-time.After(3 * time.Second)
		first()
		if got := <-second; got != 4*time.Second {
			t.Errorf("the second began after %v, want the pause after the first's end", got)
		}
		synctest.Wait()
		if _, err := p.turn(impatient); !errors.Is(err, errBusy) {
			t.Errorf("in the pause: %v", err)
		}
		if done, err := p.turn(t.Context()); err != nil {
			t.Errorf("after somebody gave up: %v", err)
		} else {
			done()
		}
	})
}
