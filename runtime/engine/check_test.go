package engine

import (
	"strings"
	"testing"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// What makes no sense is refused whole, by a text that says what and where. What rows say by themselves is tested where they are.
func TestCheck(t *testing.T) {
	instance := func(f func(*spec.Instance)) spec.VRRP { return plain(100, f) }
	secret := func(name string) spec.VRRP {
		return instance(func(i *spec.Instance) { i.Version, i.Interval, i.Secret = 2, time.Second, name })
	}
	twice := plain(100)
	twice.Addresses = append(twice.Addresses, twice.Addresses...)
	long := plain(100)
	long.Instances[0].Key = spec.InstanceKey(strings.Repeat("x", nameMax+1))
	long.Addresses[0].Key.Instance = long.Instances[0].Key
	for _, tt := range []struct {
		name string
		v    spec.VRRP
		want string // "" is well
	}{
		{"usual", plain(100), ""},
		{"missing interface is for the host to say", instance(func(i *spec.Instance) { i.Interface = "eth9" }), ""},
		{"no instance", spec.VRRP{}, ""},
		{"rows", instance(func(i *spec.Instance) { i.Priority = 0 }), "vrrp instance web: virtual_router_id and priority are 1 to 255"},
		{"twice", twice, "out of order or twice"},
		{"long name", long, "1 to 64 bytes"},
		{"password", secret("s"), ""},
		{"password not given", secret("t"), `vrrp instance web: secret "t" was not given`},
		{"password too long", secret("long"), `secret "long" has 9 bytes`},
		{"too many", many(slotsMax+1, 100, time.Second), "an engine runs at most"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := check(tt.v, map[string]string{"s": "x", "long": "123456789"})
			switch {
			case tt.want == "" && err != nil:
				t.Error(err)
			case tt.want != "" && (err == nil || !strings.Contains(err.Error(), tt.want)):
				t.Errorf("error is %v, want %q", err, tt.want)
			}
		})
	}
}
