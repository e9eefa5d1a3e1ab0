package api

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// MaxReport is how many bytes a report may have.
const MaxReport = 1 << 20

// heartbeat is the longest time that a question for news waits for its answer.
const heartbeat = time.Second

// teller has what is said now.
type teller struct {
	mu      sync.Mutex
	content []byte // without what changes each time
	body    []byte
	boot    string
	serial  uint64
	changed chan struct{} // closed when there is something new
	ended   bool
}

// Tell says something new to the others, and returns its serial. That of the report is taken if it is higher than the last one, else the
// next one is given. What says the same as before, but for serial and time, is not told again: the others would answer it.
func (c *Channel) Tell(r spec.PeerReport) (uint64, error) {
	t := &c.teller
	t.mu.Lock()
	defer t.mu.Unlock()
	content, err := json.Marshal(without(r))
	if err != nil {
		return t.serial, fmt.Errorf("encode report: %w", err)
	}
	if bytes.Equal(content, t.content) && r.Serial <= t.serial {
		return t.serial, nil
	}
	serial := max(r.Serial, t.serial+1)
	r.Serial = serial
	body, err := json.Marshal(r)
	if err == nil && len(body) > MaxReport {
		err = fmt.Errorf("it has %d bytes, and the others take %d", len(body), MaxReport)
	}
	if err != nil {
		return t.serial, fmt.Errorf("tell report: %w", err)
	}
	t.content, t.body, t.boot, t.serial = content, body, r.Boot, serial
	t.wake()
	return serial, nil
}

func without(r spec.PeerReport) spec.PeerReport {
	r.Serial, r.At = 0, time.Time{}
	return r
}

func (t *teller) wake() {
	if t.changed != nil {
		close(t.changed)
		t.changed = nil
	}
}

// end answers all that wait, so that a shutdown need not.
func (t *teller) end() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.ended = true
	t.wake()
}

// news is the body if it is not what the caller has; else what tells of the next.
func (t *teller) news(boot string, serial uint64) (body []byte, next <-chan struct{}) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.ended || t.body != nil && (t.boot != boot || t.serial != serial) {
		return t.body, nil
	}
	if t.changed == nil {
		t.changed = make(chan struct{})
	}
	return nil, t.changed
}

// report answers ?boot=BOOT&after=SERIAL: at once when the report is another one, else when it changes, and after a second with no
// content.
func (c *Channel) report(w http.ResponseWriter, r *http.Request) {
	boot, after := r.FormValue("boot"), r.FormValue("after")
	serial, err := strconv.ParseUint(after, 10, 64)
	if after != "" && err != nil {
		fail(w, http.StatusBadRequest, fmt.Errorf("after=%q is no serial", after))
		return
	}
	beat := time.NewTimer(heartbeat)
	defer beat.Stop()
	for {
		body, next := c.teller.news(boot, serial)
		if next == nil {
			answer(w, body)
			return
		}
		select {
		case <-next:
		case <-beat.C:
			answer(w, nil)
			return
		case <-r.Context().Done():
			return
		}
	}
}

func answer(w http.ResponseWriter, body []byte) {
	if body == nil {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body) // the caller has gone; nobody is left to tell
}
