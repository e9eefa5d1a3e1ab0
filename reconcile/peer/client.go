package peer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// The most that is read of an answer.
const (
	maxReport  = 1 << 20
	maxSample  = 4 << 20
	maxFailure = 4 << 10
	maxHeader  = 16 << 10
)

// idleFor keeps a connection for the next question, which mostly comes at once.
const idleFor = 10 * time.Second

// client speaks HTTP with one director.
type client struct{ http *http.Client }

func newClient(p Peer, dial Dial) *client {
	return &client{&http.Client{
		Transport: &http.Transport{
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				return dial(ctx, p.Endpoint, p.Keys)
			},
			MaxConnsPerHost: 2, // one waits for news, one samples
			MaxIdleConns:    1, IdleConnTimeout: idleFor, MaxResponseHeaderBytes: maxHeader, DisableCompression: true,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

func (c *client) close() { c.http.CloseIdleConnections() }

// report is the newest, or nil if that is the one that is known.
func (c *client) report(ctx context.Context, boot string, serial uint64) (*spec.PeerReport, error) {
	q := url.Values{"boot": {boot}, "after": {strconv.FormatUint(serial, 10)}}
	body, err := c.get(ctx, "report?"+q.Encode(), maxReport)
	if err != nil || body == nil {
		return nil, err
	}
	var r spec.PeerReport
	if err := json.Unmarshal(body, &r); err != nil {
		return nil, refusal{spec.RefusedAnswer, "its report cannot be read", ": " + err.Error()}
	}
	return &r, nil
}

func (c *client) sample(ctx context.Context) (spec.ConnSample, error) {
	var s spec.ConnSample
	body, err := c.get(ctx, "sample", maxSample)
	if err != nil {
		return s, err
	}
	if err := json.Unmarshal(body, &s); err != nil {
		return s, fmt.Errorf("it cannot be read: %w", err)
	}
	if s.Version != spec.DocumentVersion {
		return s, fmt.Errorf("it is of version %d, and this lbsync reads %d", s.Version, spec.DocumentVersion)
	}
	return s, nil
}

// get is an answer's body, nil where it has no content.
func (c *client) get(ctx context.Context, what string, most int64) ([]byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://director/v1/peer/"+what, nil)
	if err != nil {
		return nil, err
	}
	resp, err := c.http.Do(req)
	if err != nil {
		return nil, cause(err)
	}
	defer func() { _ = resp.Body.Close() }()
	switch resp.StatusCode {
	case http.StatusOK:
	case http.StatusNoContent:
		return nil, nil
	case http.StatusTooManyRequests:
		return nil, tooSoon{answerError(resp)}
	default:
		return nil, answerError(resp)
	}
	body, err := io.ReadAll(io.LimitReader(resp.Body, most+1))
	if err == nil && int64(len(body)) > most {
		return nil, refusal{spec.RefusedTooLarge, "its answer is too large", fmt.Sprintf(": over %d bytes", most)}
	}
	return body, err
}

// cause leaves out the words that net/http puts around.
func cause(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return errors.New("no answer in time")
	}
	return err
}

// tooSoon is an answer that may be another one a little later.
type tooSoon struct{ error }

func answerError(resp *http.Response) error {
	var f struct{ Error string }
	if err := json.NewDecoder(io.LimitReader(resp.Body, maxFailure)).Decode(&f); err != nil || f.Error == "" {
		return fmt.Errorf("it answers %s; is it of another version?", resp.Status)
	}
	return fmt.Errorf("it answers: %.200s", f.Error)
}
