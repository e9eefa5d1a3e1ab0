package api

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"strconv"

	"github.com/lbsync/lbsync/runtime/local"
	"github.com/lbsync/lbsync/spec"
)

// ErrUnreachable is an agent that cannot be asked: it does not run, or the caller may not.
var ErrUnreachable = errors.New("agent cannot be reached")

// Client asks the agent behind one socket, or one director at its endpoint.
type Client struct {
	http *http.Client
	far  *far // nil: on this host
}

// Dial looks whether an agent answers on the socket. The error is of kind ErrUnreachable and says what to do.
func Dial(socket string) (*Client, error) {
	conn, err := net.DialTimeout("unix", socket, local.DialTimeout)
	if err != nil {
		return nil, fmt.Errorf("%w: connect to %s: %w; %s", ErrUnreachable, socket, cause(err), remedy(err))
	}
	if err := conn.Close(); err != nil {
		return nil, fmt.Errorf("%w: close %s: %w", ErrUnreachable, socket, err)
	}
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{Timeout: local.DialTimeout}).DialContext(ctx, "unix", socket)
	}
	return &Client{http: &http.Client{Transport: &http.Transport{DialContext: dial}}}, nil
}

// cause leaves out what net adds around the system's own words.
func cause(err error) error {
	if op, ok := errors.AsType[*net.OpError](err); ok {
		if sys, ok := errors.AsType[*os.SyscallError](op); ok {
			return sys.Err
		}
	}
	return err
}

func remedy(err error) string {
	if errors.Is(err, os.ErrPermission) {
		return "run as root"
	}
	return "is lbsync agent running on this host?"
}

// Close ends the connections that are kept for the next request.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Status is what the agent says of itself.
func (c *Client) Status(ctx context.Context) (spec.Status, error) {
	return ask[spec.Status](ctx, c, http.MethodGet, "status", nil)
}

// Snapshot reads the live state now.
func (c *Client) Snapshot(ctx context.Context) (spec.Snapshot, error) {
	return ask[spec.Snapshot](ctx, c, http.MethodGet, "snapshot", nil)
}

// Stats reads the counters now.
func (c *Client) Stats(ctx context.Context) (spec.Stats, error) {
	return ask[spec.Stats](ctx, c, http.MethodGet, "stats", nil)
}

// Checks are the health checks that run, as they stand now.
func (c *Client) Checks(ctx context.Context) (spec.Checks, error) {
	return ask[spec.Checks](ctx, c, http.MethodGet, "checks", nil)
}

// Records reads a part of the journal; Next of the answer is where to go on.
func (c *Client) Records(ctx context.Context, q spec.RecordQuery) (spec.RecordPage, error) {
	page, err := ask[spec.RecordPage](ctx, c, http.MethodGet, "records?"+values(q).Encode(), nil)
	if err == nil && page.Next != 0 && page.Next <= q.After {
		err = fmt.Errorf("read records: after record %d the agent goes on after %d; is it of another version?", q.After, page.Next)
	}
	return page, err
}

// History reads the last commits that were tried; 0 is as many as one answer takes.
func (c *Client) History(ctx context.Context, most int) (spec.HistoryPage, error) {
	return ask[spec.HistoryPage](ctx, c, http.MethodGet, "history?limit="+strconv.Itoa(most), nil)
}

// Verify has the director prove its journal, in which the records of some heads, "SEQ:HASH", have to be.
func (c *Client) Verify(ctx context.Context, heads ...string) (spec.Verification, error) {
	return ask[spec.Verification](ctx, c, http.MethodGet, "verification?"+url.Values{"head": heads}.Encode(), nil)
}

// Do has a command carried out and waits until that is done. A commit that is refused is in the result; an error is a command that
// could not be carried out.
func (c *Client) Do(ctx context.Context, cmd spec.Command) (spec.CommandResult, error) {
	if err := cmd.Check(); err != nil {
		return spec.CommandResult{}, err
	}
	body, err := json.Marshal(cmd)
	if err != nil {
		return spec.CommandResult{}, fmt.Errorf("encode command: %w", err)
	}
	return ask[spec.CommandResult](ctx, c, http.MethodPost, "command", body)
}

func ask[T any](ctx context.Context, c *Client, method, what string, body []byte) (T, error) {
	var out T
	resp, err := c.send(ctx, method, what, body)
	if err != nil {
		return out, err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return out, answerError(what, resp)
	}
	if err := json.NewDecoder(resp.Body).Decode(&out); err != nil {
		return out, fmt.Errorf("read %s: %w", what, err)
	}
	return out, nil
}

func (c *Client) send(ctx context.Context, method, what string, body []byte) (*http.Response, error) {
	for try := 1; ; try++ {
		req, err := http.NewRequestWithContext(ctx, method, "http://agent/v1/"+what, bytes.NewReader(body))
		if err != nil {
			return nil, fmt.Errorf("ask for %s: %w", what, err)
		}
		resp, err := c.http.Do(req)
		switch {
		case err == nil:
			return resp, nil
		case c.far == nil:
			return nil, fmt.Errorf("%w: ask for %s: %w", ErrUnreachable, what, err)
		case !c.far.another(err, try):
			return nil, c.far.explain(err)
		}
	}
}

func answerError(what string, resp *http.Response) error {
	var f failure
	if err := json.NewDecoder(io.LimitReader(resp.Body, longestBody)).Decode(&f); err != nil || f.Error == "" {
		return fmt.Errorf("ask for %s: the agent answers %s; is it of another version?", what, resp.Status)
	}
	return errors.New(f.Error)
}
