package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
)

// hasPort gives a script an address that was free a moment ago, as METRICS.
func hasPort(env *testscript.Env) error {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	env.Setenv("METRICS", l.Addr().String())
	return l.Close()
}

// scrape prints what an agent answers: `scrape socket`, `scrape tcp PATH`, or `scrape post PATH` for a request that it has to refuse.
func scrape(ts *testscript.TestScript, neg bool, args []string) {
	client := http.Client{Timeout: patience}
	url, method := "http://"+ts.Getenv("METRICS"), http.MethodGet
	if args[0] == "socket" {
		url = "http://agent/v1/metrics"
		client.Transport = &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, "unix", ts.Getenv("SOCK"))
		}}
	} else {
		url += args[1]
	}
	if args[0] == "post" {
		method = http.MethodPost
	}
	req, err := http.NewRequestWithContext(context.Background(), method, url, strings.NewReader(""))
	ts.Check(err)
	resp, err := client.Do(req)
	if err != nil {
		if neg {
			return
		}
		ts.Fatalf("%v", err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	ts.Check(err)
	if (resp.StatusCode != http.StatusOK) != neg {
		ts.Fatalf("%s %s: %s", method, url, resp.Status)
	}
	_, err = fmt.Fprintf(ts.Stdout(), "%s\n%s\n%s", resp.Status, resp.Header.Get("Content-Type"), body)
	ts.Check(err)
}
