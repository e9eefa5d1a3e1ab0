package reconciletest

import (
	"context"
	"errors"
	"strings"
	"syscall"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/lbsync/lbsync/spec"
)

const full = `-A -t 192.0.2.1:80 -s mh -b 24 -p 300 -M 24 --pe sip
-a -t 192.0.2.1:80 -r 192.0.2.21:80 -g -w 1 -x 9 -y 3
-a -t 192.0.2.1:80 -r 192.0.2.22:80 -i -w 0 --tun-type gue --tun-port 6080 --tun-sum checksum
-A --sctp-service 192.0.2.1:80 -s rr
-A -t [2001:db8::1]:80 -s rr
-a -t [2001:db8::1]:80 -r [2001:db8::21]:8080 -m -w 1
-A -f 7 -s rr
-A -f 7 -6 -s rr
-a -f 7 -6 -r [::1]:0 -l -w 1
--start-daemon master --mcast-interface eth0 --syncid 11 --mcast-group 224.0.0.81 --mcast-port 8848 --mcast-ttl 1 --sync-maxlen 1472
--set tcp 900
net.ipv4.vs.sync_threshold = 3 50
vrrp-instance --instance v --interface eth0 --routerid 79 --version 2 --family ipv4 --priority 100 --interval 1s --preempt true --preemptdelay 1m0s --startupdelay 5s --unicast true --source 192.0.2.11 --ttlmin 254 --ttlmax 255 --secret s --downadverts 3 --syncgroup g --announce.repeat 5 --announce.delay 5s --announce.refresh 1m0s --announce.refreshrepeat 1 --announce.interval 1ms --announce.lowerpriority true
vrrp-instance --instance w --interface eth0 --routerid 80 --version 3 --family ipv6 --priority 1 --interval 10ms --group ff02::12 --vmac true --downadverts 3
vrrp-peer --instance v --addr 192.0.2.12 --director lb2
virtual-address --instance v --prefix 192.0.2.100/24 --device eth0 --label eth0:1 --scope global --broadcast 192.0.2.255
virtual-address --instance w --prefix 2001:db8::1/64 --device eth0 --scope global --excluded true
virtual-address --instance w --prefix fe80::1/64 --device eth0 --scope link
virtual-route --instance v --to 198.51.100.0/24 --table 254 --metric 7 --via 192.0.2.1 --device eth0 --source 192.0.2.100
virtual-rule --instance v --name r --from 192.0.2.0/24 --to 198.51.100.0/24 --fwmark 7 --table 100 --priority 10
vrrp-tracker --instance v --watch script --name s --weight -10 --interval 1s --timeout 1s --rise 2 --fall 3 --up 1s --down 2s --command /bin/check,-x
sync-role --instance v --daemon.syncid 11 --daemon.interface eth0 --daemon.group 224.0.0.81 --daemon.port 8848 --daemon.ttl 1 --daemon.maxlen 1472
`

func parse(t *testing.T, text string) spec.State {
	t.Helper()
	s, err := Parse(text)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestTextRoundTrip(t *testing.T) {
	if d := cmp.Diff(full, Format(parse(t, "# a comment\n\n"+full))); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(full, New(parse(t, full)).String()); d != "" {
		t.Error(d)
	}
}

func TestParseSaysWhatIsWrong(t *testing.T) {
	for text, want := range map[string]string{
		"nonsense\n":                        "line 1: ",
		"\n--zero 1\n":                      `line 2: "--zero": want -A`,
		"-A -s rr\n":                        "want -t, -u, --sctp-service or -f",
		"-A -t 192.0.2.1 -s rr\n":           "-t: ",
		"-a -t 192.0.2.1:80 -w 1\n":         "-r: ",
		"-A -t 192.0.2.1:80 -s rr -p soon":  "-p: ",
		"--start-daemon both --syncid 1\n":  `role "both"`,
		"-A -t 192.0.2.1:80 -s rr -M 300\n": "-M: ",
		"vrrp-instance --instance\n":        "want options, each with its value",
		"vrrp-instance --id 1\n":            `"--id" is no option of a vrrp instance`,
		"vrrp-instance --routerid 256\n":    "--routerid: ",
		"vrrp-peer --addr nowhere\n":        "--addr: ",
		"vrrp-tracker --up 5\n":             "--up: ",
	} {
		if _, err := Parse(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %q", text, err, want)
		}
	}
}

func TestTargetAnswersAsTheKernel(t *testing.T) {
	s := parse(t, full)
	service, dest := s.Services[0], s.Dests[0]
	other := parse(t, "-A -u 192.0.2.9:53 -s rr\n-a -u 192.0.2.9:53 -r 192.0.2.21:53 -g -w 1\n")
	absent := spec.DestKey{Service: service.Key, Addr: other.Dests[0].Key.Addr}
	for _, tc := range []struct {
		name   string
		change spec.Change
		want   error
	}{
		{"add a service twice", spec.Change{Key: service.Key, Action: spec.Add, After: service.Value}, syscall.EEXIST},
		{"edit no service", spec.Change{Key: other.Services[0].Key, Action: spec.Edit, After: service.Value}, syscall.ESRCH},
		{"remove no service", spec.Change{Key: other.Services[0].Key, Action: spec.Remove}, syscall.ESRCH},
		{"add a real server twice", spec.Change{Key: dest.Key, Action: spec.Add, After: dest.Value}, syscall.EEXIST},
		{"add a real server to no service", spec.Change{Key: other.Dests[0].Key, Action: spec.Add, After: dest.Value}, syscall.ESRCH},
		{"edit no real server", spec.Change{Key: absent, Action: spec.Edit, After: dest.Value}, syscall.ENOENT},
		{"remove no real server", spec.Change{Key: absent, Action: spec.Remove}, syscall.ENOENT},
		{"start a daemon twice", spec.Change{Key: spec.RoleMaster, Action: spec.Add, After: spec.Daemon{}}, syscall.EEXIST},
		{"stop no daemon", spec.Change{Key: spec.RoleBackup, Action: spec.Remove}, syscall.ESRCH},
	} {
		target := New(s)
		if err := target.Apply(context.Background(), []spec.Change{tc.change})[0]; !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", tc.name, err, tc.want)
		}
		if d := cmp.Diff(full, target.String()); d != "" {
			t.Errorf("%s: the state changed in spite of the error: %s", tc.name, d)
		}
	}
}

func TestServiceTakesItsRealServersAlong(t *testing.T) {
	target := New(parse(t, "-A -t 192.0.2.1:80 -s rr\n-a -t 192.0.2.1:80 -r 192.0.2.21:80 -g -w 1\n-A -f 7 -s rr\n-a -f 7 -r 192.0.2.21:0 -g -w 1\n"))
	remove := spec.Change{Key: target.State().Services[0].Key, Action: spec.Remove}
	if err := target.Apply(context.Background(), []spec.Change{remove})[0]; err != nil {
		t.Fatal(err)
	}
	if got, want := target.String(), "-A -f 7 -s rr\n-a -f 7 -r 192.0.2.21:0 -g -w 1\n"; got != want {
		t.Errorf("got %s", got)
	}
}

// The engine takes all that a step has for it, or nothing.
func TestEngineTakesAllOrNothing(t *testing.T) {
	s := parse(t, full)
	w := spec.InstanceKey("w")
	sysctl := spec.Change{Key: spec.SysctlKey("a"), Action: spec.Add, After: spec.Setting("1")}
	remove := []spec.Change{sysctl, {Key: w, Action: spec.Remove}, {Key: s.VRRP.Addresses[1].Key, Action: spec.Remove}, {Key: s.VRRP.Addresses[2].Key, Action: spec.Remove}}
	for name, tc := range map[string]struct {
		changes []spec.Change
		faults  []Fault
	}{
		"an instance without its addresses": {remove[:3], nil},
		"one change fails":                  {remove, []Fault{FailKey(w, syscall.EINVAL)}},
	} {
		target := New(s)
		target.Inject(tc.faults...)
		errs := target.Apply(context.Background(), tc.changes)
		if errs[0] != nil || errs[1] == nil || errs[2] == nil || Format(spec.State{VRRP: target.State().VRRP}) != Format(spec.State{VRRP: s.VRRP}) {
			t.Errorf("%s: %v\n%s", name, errs, target)
		}
	}
	target := New(s)
	if err := errors.Join(target.Apply(context.Background(), remove)...); err != nil || len(target.State().VRRP.Instances) != 1 {
		t.Errorf("%v\n%s", err, target)
	}
}

func TestFaultsAndHistory(t *testing.T) {
	target := New(spec.State{})
	all := []spec.Change{
		{Key: spec.SysctlKey("a"), Action: spec.Add, After: spec.Setting("1")}, {Key: spec.SysctlKey("b"), Action: spec.Add, After: spec.Setting("1")},
		{Key: spec.SysctlKey("c"), Action: spec.Add, After: spec.Setting("1")}, {Key: spec.SysctlKey("d"), Action: spec.Add, After: spec.Setting("1")},
	}
	target.Inject(FailAt(0, syscall.EPERM), FailKey(spec.SysctlKey("c"), syscall.EINVAL))
	errs := target.Apply(context.Background(), all)
	if !errors.Is(errs[0], syscall.EPERM) || errs[1] != nil || !errors.Is(errs[2], syscall.EINVAL) || errs[3] != nil {
		t.Errorf("%v", errs)
	}
	if h := target.History(); len(h) != 4 || h[2].Err == nil || h[2].Change.Key != all[2].Key || target.String() != "b = 1\nd = 1\n" {
		t.Errorf("%v %s", h, target)
	}
}

func TestCrashLeavesWhatWasDone(t *testing.T) {
	target := New(spec.State{})
	target.Inject(CrashAt(1))
	func() {
		defer func() {
			if r := recover(); r != (any)(Crash{1}) {
				t.Errorf("recovered %v", r)
			}
		}()
		target.Apply(context.Background(), []spec.Change{
			{Key: spec.SysctlKey("a"), Action: spec.Add, After: spec.Setting("1")}, {Key: spec.SysctlKey("b"), Action: spec.Add, After: spec.Setting("1")}})
	}()
	if target.String() != "a = 1\n" || len(target.History()) != 1 {
		t.Errorf("%s %v", target, target.History())
	}
}

func TestContextEndsObserveAndApply(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	target := New(spec.State{})
	if _, err := target.Observe(ctx, 0); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
	if errs := target.Apply(ctx, make([]spec.Change, 1)); !errors.Is(errs[0], context.Canceled) || len(target.History()) != 0 {
		t.Error(errs)
	}
}
