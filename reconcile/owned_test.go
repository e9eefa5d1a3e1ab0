package reconcile_test

import (
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/lbsync/lbsync/reconcile"
	"github.com/lbsync/lbsync/spec"
)

func ownedOf(t *testing.T, text string) reconcile.Owned {
	t.Helper()
	var o reconcile.Owned
	if err := o.UnmarshalText([]byte(text)); err != nil {
		t.Fatal(err)
	}
	return o
}

func textOf(t *testing.T, o reconcile.Owned) string {
	t.Helper()
	b, err := o.MarshalText()
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestOwnedKeepsOnlyWhatIsLive(t *testing.T) {
	o := ownedOf(t, "service tcp 192.0.2.1:80\nservice fwmark 7 ipv4\nsync daemon master\nsync daemon backup\n")
	live := state(t, "-A -t 192.0.2.1:80 -s rr\n-A -t 192.0.2.9:80 -s rr\n--start-daemon backup --syncid 1\n")
	kept, claimed := "service tcp 192.0.2.1:80\nsync daemon backup\n",
		"service tcp 192.0.2.1:80\nservice tcp 192.0.2.9:80\nservice fwmark 7 ipv4\nsync daemon master\nsync daemon backup\n"
	if got := textOf(t, o.Keep(live)); got != kept {
		t.Errorf("kept %q, want %q", got, kept)
	}
	if got := textOf(t, o.Claim(live)); got != claimed {
		t.Errorf("claimed %q, want %q", got, claimed)
	}
}

func TestOwnedHasNoSysctls(t *testing.T) {
	o := reconcile.Owned{}.Claim(state(t, "-A -t 192.0.2.1:80 -s rr\nnet.ipv4.vs.conntrack = 1\n"))
	for k, want := range map[spec.Key]bool{serviceKeys[0]: true, spec.DestKey{Service: serviceKeys[0], Addr: destAddrs[0]}: true, serviceKeys[1]: false,
		spec.RoleMaster: false, spec.SysctlKey("net.ipv4.vs.conntrack"): false} {
		if o.Has(k) != want {
			t.Errorf("has %s: %v", k, !want)
		}
	}
}

func TestOwnedRefusesWhatItDidNotWrite(t *testing.T) {
	for text, want := range map[string]string{
		"service tcp 192.0.2.1:80":                     "the last line is cut off",
		"service tcp 192.0.2.1:80\nservice tcp nope\n": "line 2: ",
		"sync daemon unknown\n":                        `sync daemon "unknown": want "master" or "backup"`,
		"timeout tcp\n":                                `"timeout tcp": want "service KEY" or "sync daemon ROLE"`,
		"\n":                                           "line 1: ",
	} {
		var o reconcile.Owned
		err := o.UnmarshalText([]byte(text))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error %v, want %q", text, err, want)
		}
		if o.Len() != 0 {
			t.Errorf("%q: %d objects are owned in spite of the error", text, o.Len())
		}
	}
}

func TestOwnedRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := reconcile.Owned{}.Claim(anyState(t, "owned"))
		b, err := o.MarshalText()
		var back reconcile.Owned
		if err == nil {
			err = back.UnmarshalText(b)
		}
		if err != nil || !back.Equal(o) {
			t.Fatalf("%q: %v", b, err)
		}
	})
}

func FuzzOwned(f *testing.F) {
	f.Add([]byte("service tcp 192.0.2.1:80\nservice fwmark 7 ipv6\nsync daemon master\n"))
	f.Add([]byte("service udp [fe80::1%eth0]:53\n"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var o, back reconcile.Owned
		if o.UnmarshalText(text) != nil {
			return
		}
		b, _ := o.MarshalText()
		if err := back.UnmarshalText(b); err != nil || !back.Equal(o) {
			t.Fatalf("%q became %q: %v", text, b, err)
		}
	})
}
