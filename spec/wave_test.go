package spec_test

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lbsync/lbsync/spec"
)

// waveFleet has a cluster of two directors in each of the waves.
func waveFleet(t *testing.T, waves ...int) *spec.Fleet {
	t.Helper()
	var b strings.Builder
	for i, wave := range waves {
		var names []string
		for n := range 2 {
			name := fmt.Sprintf("lb%d", 2*i+n+1)
			names = append(names, fmt.Sprintf("%q", name))
			seed := sha256.Sum256([]byte(name))
			key := base64.StdEncoding.EncodeToString(ed25519.NewKeyFromSeed(seed[:]).Public().(ed25519.PublicKey))
			fmt.Fprintf(&b, "director %q {\n  endpoint = \"192.0.2.%d:7946\"\n  public_key = \"ed25519:%s\"\n}\n", name, 11+2*i+n, key)
		}
		fmt.Fprintf(&b, "cluster \"c%d\" {\n  directors = [%s]\n  rollout {\n    wave = %d\n    soak = \"%dm\"\n  }\n}\n", i, strings.Join(names, ", "), wave, i)
	}
	fleet, _, diags := spec.LoadFS(fstest.MapFS{"f.hcl": {Data: []byte(b.String())}})
	if diags.HasErrors() {
		t.Fatal(diags)
	}
	return fleet
}

func namesOf(placed []spec.Placed[spec.Director]) string {
	var out []string
	for _, p := range placed {
		out = append(out, p.Def.Name)
	}
	return strings.Join(out, " ")
}

// A director knows the wave before and the one after, whatever their numbers, and survives being encoded with them.
func TestViewKnowsTheWavesBesideIt(t *testing.T) {
	fleet := waveFleet(t, 10, 2, 2, 300)
	for name, want := range map[string][2]string{
		"lb1": {"lb3 lb4 lb5 lb6", "lb7 lb8"},
		"lb3": {"", "lb1 lb2"},
		"lb6": {"", "lb1 lb2"},
		"lb8": {"lb1 lb2", ""},
	} {
		v, _ := fleet.Director(name)
		b, err := v.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := spec.DecodeView(b)
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range []spec.View{v, back} {
			if got := [2]string{namesOf(v.Earlier), namesOf(v.Later)}; got != want {
				t.Errorf("beside %s stand %q, want %q", name, got, want)
			}
		}
	}
}
