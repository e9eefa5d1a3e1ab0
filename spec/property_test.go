package spec_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/hashicorp/hcl/v2"
	"github.com/lbsync/lbsync/spec"
	"github.com/lbsync/lbsync/spec/spectest"
	"pgregory.net/rapid"
)

// model is a fleet that edits are made to.
type model struct {
	weight  int      // a local that some servers use
	servers [][]int  // by cluster: the number of each virtual server
	lead    []string // by cluster: text above each
	typo    int      // 0, or the number of the virtual server that has a mistake
	file    string   // text of a file that some servers use
}

func newModel() *model {
	return &model{weight: 5, servers: [][]int{{1, 2, 3}, {4, 5}}, lead: []string{"", ""}, file: "someone"}
}

// blocks are the top-level blocks.
func (m *model) blocks() []string {
	out := []string{fmt.Sprintf("locals { weight = %d }\n", m.weight), "locals {\n  double = local.weight * 2\n}\n"}
	for c, servers := range m.servers {
		out = append(out, fmt.Sprintf("director \"a%d\" {}\n", c), fmt.Sprintf("director \"b%d\" {\n  labels = { w = \"${local.weight}\" }\n}\n", c))
		var b strings.Builder
		fmt.Fprintf(&b, "cluster \"c%d\" {\n  directors = [\"a%d\", \"b%d\"]\n", c, c, c)
		for _, s := range servers {
			b.WriteString(m.lead[c] + m.server(s))
		}
		fmt.Fprintf(&b, "  connection_sync {\n    syncid = %d\n    interface = \"eth0\"\n  }\n}\n", c+1)
		out = append(out, b.String())
	}
	return out
}

func (m *model) server(s int) string {
	extra := ""
	switch s % 3 {
	case 1:
		extra = "    real_server \"192.0.2.1\" { weight = local.double }\n    owner = file(\"owner.txt\")\n"
	case 2:
		extra = "    dynamic \"real_server\" {\n      for_each = range(local.weight)\n      labels   = [\"192.0.2.${1 + real_server.value}\"]\n      content {}\n    }\n"
	}
	if m.typo == s {
		extra += "    prot = 80\n"
	}
	return fmt.Sprintf("  virtual_server \"s%d\" {\n    address = \"%s\"\n    port = 80\n    protocol = \"tcp\"\n    scheduler = \"rr\"\n    forwarding = \"nat\"\n%s  }\n", s, spectest.VIP(s), extra)
}

func (m *model) fs() fstest.MapFS {
	return fstest.MapFS{"fleet.hcl": {Data: []byte(strings.Join(m.blocks(), "\n"))}, "owner.txt": {Data: []byte(m.file)}}
}

// edit changes something at random.
func (m *model) edit(t *rapid.T) {
	c := rapid.IntRange(0, len(m.servers)-1).Draw(t, "cluster")
	switch rapid.SampledFrom([]string{"weight", "lead", "add", "remove", "swap", "typo", "file"}).Draw(t, "edit") {
	case "weight":
		m.weight = rapid.IntRange(1, 9).Draw(t, "weight")
	case "lead":
		m.lead[c] = strings.Repeat("  # note\n", rapid.IntRange(0, 3).Draw(t, "lines"))
	case "add":
		m.servers[c] = append(m.servers[c], rapid.IntRange(1, 12).Draw(t, "server"))
	case "remove":
		if n := len(m.servers[c]); n > 0 {
			m.servers[c] = m.servers[c][:n-1]
		}
	case "swap":
		slices.Reverse(m.servers[c])
	case "typo":
		m.typo = rapid.IntRange(0, 12).Draw(t, "typo")
	case "file":
		m.file = rapid.SampledFrom([]string{"someone", "else"}).Draw(t, "owner")
	}
}

func asJSON(t rapid.TB, f *spec.Fleet) string {
	b, err := json.Marshal(f)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func texts(diags hcl.Diagnostics) (out []string) {
	for _, d := range diags {
		out = append(out, fmt.Sprint(d.Severity, *d.Subject, d.Summary, d.Detail))
	}
	return out
}

// TestCachedLoadEqualsCold: whatever was loaded before, a load gives what a cold one gives, messages included.
func TestCachedLoadEqualsCold(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m, l := newModel(), spec.NewLoader()
		for range rapid.IntRange(1, 8).Draw(t, "edits") {
			m.edit(t)
			got, _, gotDiags := l.Load(m.fs())
			want, _, wantDiags := spec.LoadFS(m.fs())
			if asJSON(t, got) != asJSON(t, want) || !slices.Equal(texts(gotDiags), texts(wantDiags)) {
				t.Fatalf("cached\n%s\n%q\ncold\n%s\n%q", asJSON(t, got), texts(gotDiags), asJSON(t, want), texts(wantDiags))
			}
		}
	})
}

// nowhere takes the places out of a fleet.
func nowhere(f *spec.Fleet) *spec.Fleet {
	for i := range f.Directors {
		f.Directors[i].Place = spec.Place{}
	}
	for i := range f.Clusters {
		c := &f.Clusters[i]
		c.Place = spec.Place{}
		for j := range c.VirtualServers {
			c.VirtualServers[j].Place = spec.Place{}
		}
		for j := range c.Instances {
			c.Instances[j].Place = spec.Place{}
		}
	}
	return f
}

// TestFilesDoNotMatter: neither the order of the blocks nor the files in which they stand change the fleet.
func TestFilesDoNotMatter(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		m := newModel()
		m.edit(t)
		m.typo = 0
		want, _, diags := spec.LoadFS(m.fs())
		if want == nil {
			t.Skip("not a fleet: ", diags)
		}
		blocks := m.blocks()
		seed := rapid.Uint64().Draw(t, "order")
		rand.New(rand.NewPCG(seed, 0)).Shuffle(len(blocks), func(i, j int) { blocks[i], blocks[j] = blocks[j], blocks[i] })
		split := fstest.MapFS{"owner.txt": {Data: []byte(m.file)}}
		for i, b := range blocks {
			name := fmt.Sprintf("d%d/%c.hcl", i%2, 'a'+rapid.IntRange(0, 3).Draw(t, "file"))
			if split[name] == nil {
				split[name] = &fstest.MapFile{}
			}
			split[name].Data = append(split[name].Data, b...)
		}
		got, _, diags := spec.LoadFS(split)
		if got == nil {
			t.Fatal(diags)
		}
		if g, w := asJSON(t, nowhere(got)), asJSON(t, nowhere(want)); g != w {
			t.Fatalf("got\n%s\nwant\n%s", g, w)
		}
	})
}

// TestUnchangedBlocksAreTheSame: what did not change is the same pointer, so that it need not be compared.
func TestUnchangedBlocksAreTheSame(t *testing.T) {
	m, l := newModel(), spec.NewLoader()
	before, _, _ := l.Load(m.fs())
	m.lead[0] = "\n\n  # two lines, and a comment\n"
	m.servers[0] = []int{1, 2, 6}
	m.file = "else"
	after, _, diags := l.Load(m.fs())
	if after == nil {
		t.Fatal(diags)
	}
	same := func(c, v int) bool {
		return before.Clusters[c].VirtualServers[v].Def == after.Clusters[c].VirtualServers[v].Def
	}
	if same(0, 0) || !same(0, 1) || same(0, 2) || same(1, 0) || !same(1, 1) {
		t.Error("same:", same(0, 0), same(0, 1), same(0, 2), same(1, 0), same(1, 1))
	}
	if b, a := before.Clusters[0].VirtualServers[1].Place, after.Clusters[0].VirtualServers[1].Place; a.Base != b.Base+6 {
		t.Error("the block moved from", b, "to", a)
	}
	if b, a := before.Clusters[0].Sync.At.Line, after.Clusters[0].Sync.At.Line; a != b+9 {
		t.Error("connection_sync moved from", b, "to", a)
	}
}

// TestViewRoundTrip: a view comes back as it was, and one that was changed anywhere does not come back at all.
func TestViewRoundTrip(t *testing.T) {
	fleet, _, diags := spec.LoadFS(fstest.MapFS{"fleet.hcl": {Data: []byte(everything)}})
	if fleet == nil {
		t.Fatal(diags)
	}
	v, _ := fleet.Director("lb1")
	text, err := v.Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := spec.DecodeView(text)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(v, back) {
		t.Error(cmp.Diff(v, back, cmpopts.EquateComparable(netip.Addr{}, netip.Prefix{}, netip.AddrPort{})))
	}
	for i := range text {
		if _, err := spec.DecodeView(text[:i]); err == nil {
			t.Fatalf("%d of %d bytes were taken", i, len(text))
		}
		text[i] ^= 0x40
		if _, err := spec.DecodeView(text); err == nil {
			t.Fatalf("a change in byte %d was not seen", i)
		}
		text[i] ^= 0x40
	}
}

// everything uses each part of the schema that a view keeps.
const everything = `
director "lb1" {
  endpoint = "192.0.2.11:7946"
  labels   = { site = "fra1" }
  sysctls  = { "net.ipv4.vs.conntrack" = 1, "net.ipv4.ip_forward" = "1" }
  interface "eth0" { segment = "x" }
}
director "lb2" {}
cluster "c" {
  directors = ["lb1", "lb2"]
  connection_sync {
    syncid    = { lb1 = 1, lb2 = 1 }
    interface = "eth0"
    threshold = [3, 50]
    mode      = "follow"
    follow    = "v"
  }
  ipvs_timeouts { tcp = "15m" }
  vrrp_instance "v" {
    interface         = { lb1 = "eth0", lb2 = "eth1" }
    virtual_router_id = 1
    version           = 2
    priority          = { lb1 = 100, lb2 = 99 }
    unicast           = true
    source            = { lb1 = "192.0.2.11", lb2 = "192.0.2.12" }
    virtual_address "192.0.2.100/32" { device = "eth0" }
    virtual_route "198.51.100.0/24" { via = "192.0.2.1" }
    virtual_rule "r" {
      from     = "192.0.2.0/24"
      table    = 100
      priority = 10
    }
    track_script "s" { command = ["/bin/true"] }
    authentication {
      type     = "pass"
      password = secret("vrrp")
    }
    notify "exec" {
      on     = ["master"]
      target = "/bin/true"
    }
  }
  vrrp_sync_group "g" { instances = ["v"] }
  virtual_server "s" {
    address     = "192.0.2.100-192.0.2.102"
    ports       = [80, 443]
    protocol    = "tcp"
    scheduler   = "sh"
    flags       = ["sh-port"]
    forwarding  = "tun"
    persistence = "5m"
    tunnel {
      type = "gue"
      port = 6080
    }
    health_check "http" { path = "/" }
    sorry_server "192.0.2.99" {}
    real_server "192.0.2.21" { weight = 0 }
    real_server "192.0.2.22" {
      upper_threshold = 10
      health_check "tcp" {}
    }
    lifecycle { prevent_destroy = true }
  }
  virtual_server "m" {
    fwmark     = 7
    family     = "ipv6"
    scheduler  = "rr"
    forwarding = "nat"
  }
}
`
