package reconcile

import (
	"encoding/json"

	"github.com/lbsync/lbsync/spec"
)

// appendVRRPKey and appendVRRPValue write the engine's objects as JSON: every field is in it, with its name, and none can be forgotten.
// They are few beside services and real servers, whose encoding has to be fast.
func appendVRRPKey(b []byte, k spec.Key) []byte {
	if !spec.IsVRRP(k) {
		panic("digest of a " + string(k.Kind()))
	}
	return appendJSON(appendText(append(b, tagVRRP), string(k.Kind())), k)
}

func appendVRRPValue(b []byte, v spec.Value) []byte {
	switch v.(type) {
	case spec.Instance, spec.Peer, spec.Address, spec.Route, spec.Rule, spec.Tracking, spec.FollowSync:
		return appendJSON(append(b, tagVRRP), v)
	}
	panic("digest of settings of an unknown kind")
}

func appendJSON(b []byte, v any) []byte {
	text, err := json.Marshal(v)
	if err != nil {
		panic(err) // these types have only what JSON can say
	}
	return appendText(b, string(text))
}
