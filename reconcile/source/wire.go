package source

import (
	"io"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/sideband"
)

// newAdvert keeps heads and tags: forges advertise pull requests by the ten thousand.
func newAdvert(ar *packp.AdvRefs) advert {
	a := advert{
		refs:    map[plumbing.ReferenceName]plumbing.Hash{},
		peeled:  map[plumbing.ReferenceName]plumbing.Hash{},
		shallow: ar.Capabilities.Supports(capability.Shallow),
		anyID:   ar.Capabilities.Supports(capability.AllowReachableSHA1InWant),
	}
	keep := func(to map[plumbing.ReferenceName]plumbing.Hash, from map[string]plumbing.Hash) {
		for name, h := range from {
			// The name ends up in packed-refs: nothing that git does not allow as a name may get there.
			if n := plumbing.ReferenceName(name); (n.IsBranch() || n.IsTag()) && n.Validate() == nil {
				to[n] = h
			}
		}
	}
	keep(a.refs, ar.References)
	keep(a.peeled, ar.Peeled)
	return a
}

// newRequest words an ask in protocol version 0, which every server speaks and go-git too.
func newRequest(ar *packp.AdvRefs, a ask) *packp.UploadPackRequest {
	req := packp.NewUploadPackRequestFromCapabilities(ar.Capabilities)
	req.Wants, req.Haves, req.Shallows = a.wants, a.haves, a.cut
	if a.depth > 0 || len(a.cut) > 0 {
		req.Depth = packp.DepthCommits(a.depth)
		// Setting a capability of the list fails only with arguments; this one has none.
		_ = req.Capabilities.Set(capability.Shallow)
	}
	if ar.Capabilities.Supports(capability.NoProgress) {
		_ = req.Capabilities.Set(capability.NoProgress)
	}
	return req
}

// newDelivery unpacks the side band, in which servers wrap the pack and their complaints.
func newDelivery(req *packp.UploadPackRequest, res *packp.UploadPackResponse) delivery {
	d := delivery{ReadCloser: res, cut: res.Shallows}
	var band io.Reader
	switch {
	case req.Capabilities.Supports(capability.Sideband64k):
		band = sideband.NewDemuxer(sideband.Sideband64k, res)
	case req.Capabilities.Supports(capability.Sideband):
		band = sideband.NewDemuxer(sideband.Sideband, res)
	default:
		return d
	}
	d.ReadCloser = struct {
		io.Reader
		io.Closer
	}{band, res}
	return d
}
