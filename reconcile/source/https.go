package source

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"os"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/transport"
	githttp "github.com/go-git/go-git/v5/plumbing/transport/http"
)

// httpRemote speaks the smart HTTP protocol. go-git follows a redirect of the first request only, and drops the token when it leaves the origin.
type httpRemote struct {
	session transport.UploadPackSession
	pool    *http.Transport
	adv     *packp.AdvRefs
}

func dialHTTP(cfg Config, ep *transport.Endpoint) (remote, string, error) {
	pool, err := newPool(cfg.Auth)
	if err != nil {
		return nil, "", err
	}
	auth, secret, err := tokenAuth(cfg.Auth)
	if err != nil {
		return nil, "", err
	}
	client := &http.Client{Transport: bounded{pool, cfg.Limits.Received}}
	session, err := githttp.NewClientWithOptions(client, nil).NewUploadPackSession(ep, auth)
	if err != nil {
		return nil, secret, err
	}
	return &httpRemote{session: session, pool: pool}, secret, nil
}

// newPool is a pool of connections for one Fetch; proxies come from the environment, as for git.
func newPool(a Auth) (*http.Transport, error) {
	conf := &tls.Config{MinVersion: tls.VersionTLS12}
	if a.CAFile != "" {
		pem, err := os.ReadFile(a.CAFile)
		if err != nil {
			return nil, &Error{Call: "read CA file", Kind: ErrTLS, Cause: err, Remedy: "check the path"}
		}
		conf.RootCAs = x509.NewCertPool()
		if !conf.RootCAs.AppendCertsFromPEM(pem) {
			return nil, &Error{Call: "read CA file " + a.CAFile, Kind: ErrTLS, Cause: fmt.Errorf("no PEM certificate in it"), Remedy: "write the authority's certificate in PEM"}
		}
	}
	if a.CertFile != "" {
		cert, err := tls.LoadX509KeyPair(a.CertFile, a.KeyFile)
		if err != nil {
			return nil, &Error{Call: "read client certificate " + a.CertFile, Kind: ErrAuth, Cause: err, Remedy: "check both files"}
		}
		conf.Certificates = []tls.Certificate{cert}
	}
	return &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: conf, ForceAttemptHTTP2: true}, nil
}

func tokenAuth(a Auth) (transport.AuthMethod, string, error) {
	if a.TokenFile == "" {
		return nil, "", nil
	}
	token, err := readSecret("token file", a.TokenFile)
	if err != nil {
		return nil, "", err
	}
	user := a.Username
	if user == "" {
		user = "git"
	}
	return &githttp.BasicAuth{Username: user, Password: token}, token, nil
}

// readSecret reads a one-line secret. The error names the file, never the content.
func readSecret(what, file string) (string, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return "", &Error{Call: "read " + what, Kind: ErrAuth, Cause: err, Remedy: "write it there, readable by this service alone"}
	}
	secret := strings.TrimSpace(string(raw))
	if secret == "" {
		return "", &Error{Call: "read " + what + " " + file, Kind: ErrAuth, Cause: fmt.Errorf("it is empty"), Remedy: "write the secret into it"}
	}
	return secret, nil
}

// bounded ends every answer after most bytes, also an endless list of references or an error page: go-git reads both whole.
type bounded struct {
	next http.RoundTripper
	most int64
}

func (b bounded) RoundTrip(req *http.Request) (*http.Response, error) {
	res, err := b.next.RoundTrip(req)
	if err != nil {
		return nil, err
	}
	res.Body = &limited{res.Body, b.most}
	return res, nil
}

func (h *httpRemote) refs(ctx context.Context) (advert, error) {
	ar, err := h.session.AdvertisedReferencesContext(ctx)
	if err != nil {
		return advert{}, err
	}
	h.adv = ar
	return newAdvert(ar), nil
}

func (h *httpRemote) pack(ctx context.Context, a ask) (delivery, error) {
	req := newRequest(h.adv, a)
	res, err := h.session.UploadPack(ctx, req)
	if err != nil {
		return delivery{}, err
	}
	return newDelivery(req, res), nil
}

func (h *httpRemote) Close() error {
	h.pool.CloseIdleConnections()
	return h.session.Close()
}
