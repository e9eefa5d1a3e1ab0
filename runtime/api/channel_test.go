package api

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/netip"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
	"github.com/lbsync/lbsync/spec/identity"
)

// who is somebody with a key.
type who struct {
	keys   *identity.Keyring
	public string
}

func somebody(t *testing.T) who {
	t.Helper()
	path := filepath.Join(t.TempDir(), "key.pem")
	k, err := identity.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	r, err := identity.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	return who{r, k.Public}
}

// line is a channel of lb1 that runs, and lb2 and two operators that it trusts.
type line struct {
	*Channel
	self, lb2, ann, ben who
	at                  string
}

func open(t *testing.T, h Handler, sample Sampler) *line {
	t.Helper()
	l := &line{self: somebody(t), lb2: somebody(t), ann: somebody(t), ben: somebody(t)}
	l.Channel = NewChannel("lb1", l.self.keys, sample)
	l.Trust(Trusted{Directors: l.directors(), Operators: l.operators()})
	tcp, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.at = tcp.Addr().String()
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- l.Serve(ctx, tcp, h) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve ends with %v", err)
		}
	})
	return l
}

// refusedBy is who was refused once n were counted: a client reads the alert of a handshake before the channel has counted it.
func (l *line) refusedBy(t *testing.T, n uint64) (rows []spec.PeerRefusal, totals map[spec.RefusedFor]uint64) {
	t.Helper()
	again := time.NewTicker(time.Millisecond)
	defer again.Stop()
	patience := time.After(30 * time.Second)
	for {
		var counted uint64
		for _, of := range totals {
			counted += of
		}
		if counted >= n {
			return rows, totals
		}
		select {
		case <-patience:
			t.Fatalf("%d refused, not %d: %+v", counted, n, rows)
		case <-again.C:
			rows, totals = l.Refused()
		}
	}
}

func (l *line) directors() []spec.Director {
	return []spec.Director{{Name: "lb1", PublicKey: l.self.public}, {Name: "lb2", PublicKey: l.lb2.public}, {Name: "bare"}}
}

func (l *line) operators() []spec.Operator {
	return []spec.Operator{{Name: "ann", PublicKey: l.ann.public}, {Name: "ben", PublicKey: l.ben.public, Operates: true}}
}

// as is an HTTP client with somebody's key.
func (l *line) as(t *testing.T, w who) *http.Client {
	t.Helper()
	tr := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return w.keys.Dial(ctx, l.at, []string{l.self.public})
	}}
	t.Cleanup(tr.CloseIdleConnections)
	return &http.Client{Transport: tr}
}

func fetch(t *testing.T, c *http.Client, method, path, body string) (int, string, error) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, "http://lb1"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := c.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(b), err
}

func wantCode(t *testing.T, c *http.Client, method, path, body string, code int, text string) {
	t.Helper()
	if got, said, err := fetch(t, c, method, path, body); err != nil || got != code || !strings.Contains(said, text) {
		t.Errorf("%s %s: %d %s, %v; want %d and %q", method, path, got, said, err, code, text)
	}
}

func TestEachKeyHasItsRoutes(t *testing.T) {
	f := &fake{asked: make(chan spec.Command, 1)}
	l := open(t, f, nil)
	if _, err := l.Tell(spec.PeerReport{Version: 1, Director: "lb1", Boot: "b"}); err != nil {
		t.Fatal(err)
	}
	peer, ann, ben := l.as(t, l.lb2), l.as(t, l.ann), l.as(t, l.ben)
	pin := `{"verb":"pin","rev":"abc"}`
	wantCode(t, peer, "GET", "/v1/peer/report", "", 200, `"director":"lb1"`)
	wantCode(t, peer, "GET", "/v1/peer/sample", "", 404, "no samples")
	wantCode(t, peer, "GET", "/v1/status", "", 404, "")
	wantCode(t, peer, "POST", "/v1/command", pin, 404, "")
	wantCode(t, ann, "GET", "/v1/peer/report", "", 404, "")
	wantCode(t, ann, "GET", "/v1/status", "", 200, `"director":"lb1"`)
	wantCode(t, ann, "GET", "/v1/snapshot", "", 200, `"live"`)
	wantCode(t, ann, "GET", "/v1/checks", "", 200, `"checks"`)
	wantCode(t, peer, "GET", "/v1/checks", "", 404, "")
	wantCode(t, ann, "GET", "/v1/records", "", 200, `"lines"`)
	wantCode(t, peer, "GET", "/v1/records", "", 404, "")
	wantCode(t, ann, "POST", "/v1/command", pin, 403, "role view")
	if len(f.asked) > 0 {
		t.Fatal("a director or an operator of role view commands")
	}
	wantCode(t, ben, "POST", "/v1/command", pin, 200, `"abc"`)
	if c := <-f.asked; c.Actor != (spec.Actor{Operator: "ben"}) || c.Actor.String() != "operator ben" {
		t.Errorf("actor is %+v", c.Actor)
	}
	wantCode(t, ben, "POST", "/v1/command", `{"verb":"pin","rev":"`+strings.Repeat("a", longestBody)+`"}`, 413, "over 65536 bytes")
	wantCode(t, ben, "POST", "/v1/command", `{"verb":"pin","rev":"x","actor":{"operator":"ann"}}`, 400, "actor")
}

// A director of the wave after may know how far this one is, and nothing else.
func TestTheWaveAfterReadsTheReport(t *testing.T) {
	l := open(t, &fake{}, func(context.Context) (spec.ConnSample, error) { return spec.ConnSample{Version: 1}, nil })
	later := somebody(t)
	l.Trust(Trusted{Directors: l.directors(), Later: []spec.Director{{Name: "lb3", PublicKey: later.public}, {Name: "lb2", PublicKey: l.lb2.public}, {Name: "bare"}}})
	if _, err := l.Tell(spec.PeerReport{Version: 1, Director: "lb1", Boot: "b"}); err != nil {
		t.Fatal(err)
	}
	wantCode(t, l.as(t, later), "GET", "/v1/peer/report", "", 200, `"director":"lb1"`)
	wantCode(t, l.as(t, later), "GET", "/v1/peer/sample", "", 403, "directors of the own clusters")
	wantCode(t, l.as(t, later), "GET", "/v1/status", "", 404, "")
	wantCode(t, l.as(t, l.lb2), "GET", "/v1/peer/sample", "", 200, `"version"`)
}

func TestStrangersAreRefusedAndNamed(t *testing.T) {
	l := open(t, &fake{}, nil)
	mallory := somebody(t)
	for range 3 {
		if _, _, err := fetch(t, l.as(t, mallory), "GET", "/v1/peer/report", ""); !errors.Is(err, identity.ErrNotAdmitted) {
			t.Errorf("got %v", err)
		}
	}
	l.refusedBy(t, 3) // the one after them is the latest
	raw, err := net.Dial("tcp", l.at)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(raw, "GET / HTTP/1.1\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	_, _ = io.Copy(io.Discard, raw) // until it is refused
	_ = raw.Close()
	rows, totals := l.refusedBy(t, 4)
	if len(rows) != 2 || rows[1].Key != mallory.public || rows[1].Count != 3 || rows[1].Address != netip.MustParseAddr("127.0.0.1") || rows[1].For != spec.RefusedUnknownKey || rows[1].Who != "" {
		t.Errorf("refused: %+v", rows)
	}
	if rows[0].Key != "" || rows[0].Count != 1 || !strings.Contains(rows[0].Why, "TLS") || rows[0].For != spec.RefusedHandshake {
		t.Errorf("no TLS: %+v", rows[0])
	}
	if totals[spec.RefusedUnknownKey] != 3 || totals[spec.RefusedHandshake] != 1 || len(totals) != 2 {
		t.Errorf("totals: %v", totals)
	}
}

// Who presents no key, and who presents one that counted before, are told from strangers.
func TestOldKeysAreNamed(t *testing.T) {
	l := open(t, &fake{}, nil)
	l.Trust(Trusted{Directors: []spec.Director{{Name: "lb1", PublicKey: l.self.public}}, Operators: l.operators()[1:]})
	for _, w := range []who{l.lb2, l.ann} {
		if _, _, err := fetch(t, l.as(t, w), "GET", "/v1/status", ""); !errors.Is(err, identity.ErrNotAdmitted) {
			t.Errorf("got %v", err)
		}
	}
	bare, err := tls.Dial("tcp", l.at, &tls.Config{InsecureSkipVerify: true, NextProtos: []string{"http/1.1"}})
	if err != nil {
		t.Fatal(err) // TLS 1.3: the client's half of the handshake ends before it is refused
	}
	_, _ = io.Copy(io.Discard, bare) // until it is refused
	_ = bare.Close()
	rows, _ := l.refusedBy(t, 3)
	for _, want := range []struct {
		kind     spec.RefusedFor
		who, key string
	}{{spec.RefusedOldKey, "director lb2", l.lb2.public}, {spec.RefusedOldKey, "operator ann", l.ann.public}, {spec.RefusedNoKey, "", ""}} {
		if !slices.ContainsFunc(rows, func(r spec.PeerRefusal) bool { return r.For == want.kind && r.Who == want.who && r.Key == want.key }) {
			t.Errorf("no %+v: %+v", want, rows)
		}
	}
	// One that counts again is not old.
	l.Trust(Trusted{Directors: l.directors(), Operators: l.operators()})
	wantCode(t, l.as(t, l.ann), "GET", "/v1/status", "", 200, "")
	if len(l.former) != 0 {
		t.Errorf("former keys: %v", l.former)
	}
	for range 3 {
		many := make([]spec.Director, maxFormer)
		for i := range many {
			many[i] = spec.Director{Name: "x", PublicKey: rand.Text()}
		}
		l.Trust(Trusted{Directors: many})
	}
	if len(l.former) > maxFormer {
		t.Errorf("%d former keys", len(l.former))
	}
}

// Requests of somebody who is let in are refused by name, and counted, too.
func TestRefusedRequestsAreNamed(t *testing.T) {
	l := open(t, &fake{}, nil)
	ann := l.as(t, l.ann)
	wantCode(t, ann, "POST", "/v1/command", `{"verb":"unpin"}`, 403, "role view")
	wantCode(t, ann, "POST", "/v1/command", strings.Repeat("x", longestBody+1), 413, "over 65536 bytes")
	for l.requests.allow(l.ann.public, time.Now().Add(time.Hour)) { // nothing is added until then, however slow this is
	}
	wantCode(t, ann, "GET", "/v1/status", "", 429, "requests a second")
	rows, totals := l.Refused()
	for _, kind := range []spec.RefusedFor{spec.RefusedRole, spec.RefusedTooLarge, spec.RefusedTooMany} {
		if totals[kind] != 1 || !slices.ContainsFunc(rows, func(r spec.PeerRefusal) bool {
			return r.For == kind && r.Who == "operator ann" && r.Key == l.ann.public
		}) {
			t.Errorf("%s: %d, %+v", kind, totals[kind], rows)
		}
	}
}

// The end of trust ends connections too; that of others go on.
func TestTrustWorksAtOnce(t *testing.T) {
	l := open(t, &fake{}, nil)
	next := somebody(t)
	peer, ann := l.as(t, l.lb2), l.as(t, l.ann)
	if _, err := l.Tell(spec.PeerReport{Version: 1, Boot: "b"}); err != nil {
		t.Fatal(err)
	}
	wantCode(t, peer, "GET", "/v1/peer/report", "", 200, "")
	wantCode(t, ann, "GET", "/v1/status", "", 200, "")
	kept := l.linkOf(l.ann.public)

	// Both keys count while one is exchanged for the other.
	l.Trust(Trusted{Directors: append(l.directors(), spec.Director{Name: "lb2", PublicKey: next.public}), Operators: l.operators()})
	wantCode(t, peer, "GET", "/v1/peer/report", "", 200, "")
	wantCode(t, l.as(t, next), "GET", "/v1/peer/report", "", 200, "")

	waits := make(chan error, 1)
	go func() {
		_, _, err := fetch(t, peer, "GET", "/v1/peer/report?boot=b&after=1", "")
		waits <- err
	}()
	for !l.waited() { // until the question is there
		runtime.Gosched()
	}
	l.Trust(Trusted{Directors: []spec.Director{{Name: "lb2", PublicKey: next.public}}, Operators: l.operators()})
	if err := <-waits; err == nil {
		t.Error("a connection outlives the trust in its key")
	}
	if _, _, err := fetch(t, l.as(t, l.lb2), "GET", "/v1/peer/report", ""); !errors.Is(err, identity.ErrNotAdmitted) {
		t.Errorf("the old key: %v", err)
	}
	wantCode(t, ann, "GET", "/v1/status", "", 200, "")
	if now := l.linkOf(l.ann.public); kept == nil || now != kept {
		t.Error("the connection of a key that is still trusted was closed")
	}

	// A lesser role counts at once as well.
	l.Trust(Trusted{Operators: []spec.Operator{{Name: "ben", PublicKey: l.ben.public, Operates: true}, {Name: "ben", PublicKey: l.ben.public}}})
	wantCode(t, l.as(t, l.ben), "POST", "/v1/command", `{"verb":"unpin"}`, 403, "role view")
}

func (c *Channel) linkOf(key string) *link {
	c.mu.Lock()
	defer c.mu.Unlock()
	for l := range c.links {
		if l.key == key {
			return l
		}
	}
	return nil
}

func (c *Channel) waited() bool {
	c.teller.mu.Lock()
	defer c.teller.mu.Unlock()
	return c.teller.changed != nil
}

func TestReportIsAnsweredWhenThereIsNews(t *testing.T) {
	l := open(t, &fake{}, nil)
	peer := l.as(t, l.lb2)
	wantCode(t, peer, "GET", "/v1/peer/report", "", 204, "") // nothing was told yet, and the heartbeat is all
	told := func(r spec.PeerReport, want uint64) {
		t.Helper()
		if got, err := l.Tell(r); err != nil || got != want {
			t.Errorf("Tell: %d, %v; want %d", got, err, want)
		}
	}
	r := spec.PeerReport{Version: 1, Director: "lb1", Boot: "b", Commit: "one"}
	told(r, 1)
	r.At = time.Now()
	told(r, 1)
	r.Commit = "two"
	told(r, 2)
	r.Serial = 9
	told(r, 9)
	wantCode(t, peer, "GET", "/v1/peer/report?boot=b&after=1", "", 200, `"serial":9`)
	wantCode(t, peer, "GET", "/v1/peer/report?boot=other&after=9", "", 200, `"serial":9`)
	wantCode(t, peer, "GET", "/v1/peer/report?after=x", "", 400, "no serial")
	wantCode(t, peer, "GET", "/v1/peer/report?boot=b&after=9", "", 204, "")
	news := make(chan string)
	go func() {
		_, body, _ := fetch(t, peer, "GET", "/v1/peer/report?boot=b&after=9", "")
		news <- body
	}()
	for !l.waited() {
		runtime.Gosched()
	}
	r.Serial, r.Commit = 0, "three"
	told(r, 10)
	var got spec.PeerReport
	if err := json.Unmarshal([]byte(<-news), &got); err != nil || got.Commit != "three" || got.Serial != 10 {
		t.Errorf("news: %+v, %v", got, err)
	}
	r.Commit = strings.Repeat("x", MaxReport)
	if _, err := l.Tell(r); err == nil || !strings.Contains(err.Error(), "the others take 1048576") {
		t.Errorf("too large: %v", err)
	}
	wantCode(t, peer, "GET", "/v1/peer/report?boot=b&after=9", "", 200, `"serial":10`)
}

func TestSamplesAreRare(t *testing.T) {
	l := open(t, &fake{}, func(context.Context) (spec.ConnSample, error) { return spec.ConnSample{Version: 1, Total: 7}, nil })
	wantCode(t, l.as(t, l.lb2), "GET", "/v1/peer/sample", "", 200, `"total":7`)
	wantCode(t, l.as(t, l.lb2), "GET", "/v1/peer/sample", "", 429, "one sample in 2s")
}

func TestConnectionsOfAKeyAreCounted(t *testing.T) {
	l := open(t, &fake{}, nil)
	for range maxLinksKey {
		wantCode(t, l.as(t, l.ann), "GET", "/v1/status", "", 200, "")
	}
	if _, _, err := fetch(t, l.as(t, l.ann), "GET", "/v1/status", ""); err == nil {
		t.Error("one connection too many")
	}
	wantCode(t, l.as(t, l.ben), "GET", "/v1/status", "", 200, "")
	if rows, _ := l.refusedBy(t, 1); len(rows) != 1 || rows[0].Key != l.ann.public || rows[0].Who != "operator ann" || rows[0].For != spec.RefusedTooMany {
		t.Errorf("refused: %+v", rows)
	}
}

func TestHandshakesAreCounted(t *testing.T) {
	l := open(t, &fake{}, nil)
	for range shakesBurst + 20 { // closed at once, far faster than the bucket fills
		raw, err := net.Dial("tcp", l.at)
		if err != nil {
			t.Fatal(err)
		}
		_ = raw.Close()
	}
	late := func() bool {
		rows, _ := l.Refused()
		for _, r := range rows {
			if strings.Contains(r.Why, "connections a second") {
				return true
			}
		}
		return false
	}
	for !late() && t.Context().Err() == nil {
		raw, err := net.Dial("tcp", l.at)
		if err != nil {
			t.Fatal(err)
		}
		_ = raw.Close()
	}
}

func TestRates(t *testing.T) {
	r := newRates[string](2, 3)
	at := time.Unix(0, 0)
	take := func(key string, n int) (got int) {
		for range n {
			if r.allow(key, at) {
				got++
			}
		}
		return got
	}
	if got := take("a", 5); got != 3 {
		t.Errorf("burst of %d", got)
	}
	at = at.Add(time.Second)
	if got := take("a", 5); got != 2 {
		t.Errorf("%d a second", got)
	}
	for i := range maxBuckets {
		r.allow(string(rune(i+1000)), at)
	}
	if len(r.buckets) > maxBuckets || r.allow("late", at) {
		t.Errorf("%d buckets, none of which is full again", len(r.buckets))
	}
	at = at.Add(time.Hour)
	if !r.allow("late", at) || len(r.buckets) != 1 {
		t.Errorf("%d buckets after an hour", len(r.buckets))
	}
}

func TestRefusalsAreBounded(t *testing.T) {
	var r refusals
	at := time.Unix(0, 0)
	quiet, why := netip.MustParseAddr("192.0.2.1"), refusal{kind: spec.RefusedUnknownKey, why: "why"}
	r.add(quiet, "k", refusal{spec.RefusedOldKey, "director lb2", "old"}, at)
	for i := range 1000 {
		r.add(netip.MustParseAddr("192.0.2.2"), string(rune(i+1000)), why, at.Add(time.Duration(i+1)))
	}
	for i := range 1000 { // one host of IPv6 has as many addresses as it likes
		r.add(netip.AddrFrom16([16]byte{0x20, 1, 0xd, 0xb8, 14: byte(i >> 8), 15: byte(i)}), "", why, at.Add(time.Duration(i+1)))
	}
	if rows, _ := r.list(); len(rows) != 1+2*maxRefusalsNetwork || rows[len(rows)-1].Address != quiet {
		t.Errorf("%d rows of two with many keys and addresses", len(rows))
	}
	for i := range 5000 {
		r.add(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), "", why, at.Add(time.Hour))
	}
	rows, totals := r.list()
	if len(rows) != maxRefusals || totals[spec.RefusedUnknownKey] != 7000 || totals[spec.RefusedOldKey] != 1 {
		t.Errorf("%d rows, totals %v", len(rows), totals)
	}
	if rows[len(rows)-1].Who != "director lb2" {
		t.Error("strangers hide a director that is known")
	}
}
