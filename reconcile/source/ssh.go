package source

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/format/pktline"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"golang.org/x/crypto/ssh"
)

// sshRemote runs git-upload-pack on the server. go-git's own ssh transport is not used: it shakes hands without a context, so a silent server would
// hold it for ever, and it reads ~/.ssh/config.
type sshRemote struct {
	client  *ssh.Client
	session *ssh.Session
	stop    func() bool // disarms the closing of the connection with the context
	in      io.WriteCloser
	out     io.ReadCloser
	stderr  *firstBytes
	adv     *packp.AdvRefs
}

func dialSSH(ctx context.Context, cfg Config, ep *transport.Endpoint) (_ *sshRemote, err error) {
	host := net.JoinHostPort(strings.Trim(ep.Host, "[]"), strconv.Itoa(cmp.Or(ep.Port, 22)))
	conf, err := sshConfig(cfg.Auth, ep.User, host)
	if err != nil {
		return nil, err
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", host)
	if err != nil {
		return nil, err
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	c, chans, reqs, err := ssh.NewClientConn(conn, host, conf)
	if err != nil {
		stop()
		return nil, errors.Join(err, conn.Close())
	}
	r := &sshRemote{client: ssh.NewClient(c, chans, reqs), stop: stop, stderr: &firstBytes{}}
	if err := r.start(ep.Path, cfg.Limits.Received); err != nil {
		return nil, errors.Join(err, r.Close())
	}
	return r, nil
}

func (r *sshRemote) start(path string, most int64) error {
	session, err := r.client.NewSession()
	if err != nil {
		return err
	}
	r.session = session
	session.Stderr = r.stderr
	if r.in, err = session.StdinPipe(); err != nil {
		return err
	}
	out, err := session.StdoutPipe()
	if err != nil {
		return err
	}
	r.out = &limited{io.NopCloser(out), most}
	return session.Start("git-upload-pack " + shellQuote(path))
}

// shellQuote quotes as git's sq_quote_buf (quote.c): a forge's shell takes exactly this apart.
func shellQuote(s string) string {
	return "'" + strings.NewReplacer("'", `'\''`, "!", `'\!'`).Replace(s) + "'"
}

func (r *sshRemote) refs(context.Context) (advert, error) {
	ar := packp.NewAdvRefs()
	err := ar.Decode(r.out)
	switch {
	case errors.Is(err, packp.ErrEmptyAdvRefs), err == nil && ar.IsEmpty():
		return advert{}, transport.ErrEmptyRemoteRepository
	case err != nil:
		return advert{}, r.explain(err)
	}
	transport.FilterUnsupportedCapabilities(ar.Capabilities)
	r.adv = ar
	return newAdvert(ar), nil
}

// explain adds what the server said on its standard error: the reason is there, the stream just ends.
func (r *sshRemote) explain(err error) error {
	if errors.Is(err, errTooMuch) {
		return err
	}
	// The text is complete when the command has ended; if it does not end, the context closes the connection.
	_ = r.in.Close()
	_ = r.session.Wait()
	if text := r.stderr.String(); text != "" {
		return fmt.Errorf("%w: the server says %q", err, text)
	}
	return err
}

func (r *sshRemote) pack(_ context.Context, a ask) (delivery, error) {
	req := newRequest(r.adv, a)
	if err := r.send(req); err != nil {
		return delivery{}, r.explain(err)
	}
	res := packp.NewUploadPackResponse(req)
	if err := res.Decode(r.out); err != nil {
		return delivery{}, r.explain(err)
	}
	return newDelivery(req, res), nil
}

func (r *sshRemote) send(req *packp.UploadPackRequest) error {
	var b bytes.Buffer
	if err := req.UploadRequest.Encode(&b); err != nil {
		return err
	}
	if err := req.UploadHaves.Encode(&b, false); err != nil {
		return err
	}
	if err := pktline.NewEncoder(&b).EncodeString("done\n"); err != nil {
		return err
	}
	_, err := r.in.Write(b.Bytes())
	return err
}

func (r *sshRemote) Close() error {
	r.stop()
	// The server may have closed first: nothing is left to say to it.
	_ = r.client.Close()
	return nil
}
