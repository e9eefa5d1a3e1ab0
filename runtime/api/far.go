package api

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"

	"github.com/lbsync/lbsync/spec/identity"
)

// far is a director that is asked at its endpoint.
type far struct {
	director, endpoint string
	keys               *identity.Keyring
}

// DialChannel asks a director over TLS, at an endpoint where it holds the secret of one of the public keys. Nothing is sent before the
// first question; an error of that is of kind ErrUnreachable and says what to do.
func DialChannel(director string, keys *identity.Keyring, endpoint string, public ...string) *Client {
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) { return keys.Dial(ctx, endpoint, public) }
	return &Client{
		http: &http.Client{Transport: &http.Transport{DialContext: dial, ResponseHeaderTimeout: answerTimeout + readTimeout}},
		far:  &far{director, endpoint, keys},
	}
}

// another says whether to ask again: each key of the file is tried once. A director that refused a key has read no question.
func (f *far) another(err error, try int) bool {
	return errors.Is(err, identity.ErrNotAdmitted) && try < len(f.keys.Public())
}

func (f *far) explain(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err // method and URL say nothing here
	}
	switch {
	case errors.Is(err, identity.ErrNotAdmitted):
		return fmt.Errorf("%w: %s does not know your key %s: declare an operator in the fleet (%w)", ErrUnreachable, f.director,
			strings.Join(f.keys.Public(), ", nor "), identity.ErrNotAdmitted)
	case errors.Is(err, identity.ErrWrongKey):
		return fmt.Errorf("%w: %s: %w; is the checkout of the fleet out of date, or does another host answer there?", ErrUnreachable, f.director, err)
	}
	return fmt.Errorf("%w: ask %s at %s: %w; does lbsync agent run and listen there?", ErrUnreachable, f.director, f.endpoint, err)
}
