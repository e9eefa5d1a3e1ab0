package main

import (
	"slices"

	"github.com/lbsync/lbsync/reconcile/peer"
	"github.com/lbsync/lbsync/spec"
)

// peersOf are the directors that can be asked. One that stands there several times, as while its key changes, may present any of its
// keys, and is asked where it stands first.
func peersOf(directors []spec.Director) []peer.Peer {
	var out []peer.Peer
	for _, d := range directors {
		if !d.Reachable() {
			continue
		}
		at := slices.IndexFunc(out, func(p peer.Peer) bool { return p.Name == d.Name })
		if at < 0 {
			out = append(out, peer.Peer{Name: d.Name, Endpoint: d.Endpoint.String(), Keys: []string{d.PublicKey}})
		} else if !slices.Contains(out[at].Keys, d.PublicKey) {
			out[at].Keys = append(out[at].Keys, d.PublicKey)
		}
	}
	return out
}
