package main

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/lbsync/lbsync/spec"
)

// The patch of each way in which a real server may be written, and what is said where none can be made.
func TestOverridePatch(t *testing.T) {
	const head = `director "lb1" {}
director "lb2" {}
locals {
  pool = ["192.0.2.30"]
}
cluster "c" {
  directors = ["lb1", "lb2"]
  virtual_server "web" {
    addresses  = ["192.0.2.1", "192.0.2.2"]
    port       = 80
    protocol   = "tcp"
    scheduler  = "wrr"
    forwarding = "nat"
`
	for _, c := range []struct{ name, block, addr, want, note string }{
		{"a weight", "    real_server \"192.0.2.21\" { weight = 3 }\n", "192.0.2.21:80",
			"-    real_server \"192.0.2.21\" { weight = 3 }\n+    real_server \"192.0.2.21\" { weight = 0 }\n", "the block stands for 1 more services, whose weight this changes too"},
		{"none", "    real_server \"192.0.2.21\" {}\n", "192.0.2.21:80",
			"-    real_server \"192.0.2.21\" {}\n+    real_server \"192.0.2.21\" { weight = 0 }\n", "the block stands for 1 more services, whose weight this changes too"},
		{"another setting on its line", "    real_server \"192.0.2.21\" { upper_threshold = 9 }\n", "192.0.2.21:80",
			"-    real_server \"192.0.2.21\" { upper_threshold = 9 }\n+    real_server \"192.0.2.21\" {\n+      weight          = 0\n+      upper_threshold = 9\n+    }\n", "the block stands for 1 more services, whose weight this changes too"},
		{"other lines", "    real_server \"192.0.2.21\" {\n      upper_threshold = 9\n    }\n", "192.0.2.21:80",
			"+      weight          = 0\n", "the block stands for 1 more services, whose weight this changes too"},
		{"an expression", "    real_server \"192.0.2.21\" {\n      weight = 1 + 2\n    }\n", "192.0.2.21:80",
			"-      weight = 1 + 2\n+      weight = 0\n", "the block stands for 1 more services, whose weight this changes too"},
		{"dynamic", "    dynamic \"real_server\" {\n      for_each = local.pool\n      labels   = [real_server.value]\n      content { weight = 2 }\n    }\n", "192.0.2.30:80", "", "it comes from a dynamic block: edit it by hand"},
	} {
		t.Run(c.name, func(t *testing.T) {
			fsys := fstest.MapFS{"fleet.hcl": {Data: []byte(head + c.block + "  }\n}\n")}}
			fleet, _, diags := spec.LoadFS(fsys)
			if diags.HasErrors() {
				t.Fatal(diags)
			}
			v, _ := fleet.Director("lb1")
			var k spec.DestKey
			if err := k.UnmarshalText([]byte("tcp 192.0.2.1:80 > " + c.addr)); err != nil {
				t.Fatal(err)
			}
			edits, patch, err := permanent(fsys, v, []spec.OverrideStatus{{Override: spec.Override{Key: k}}})
			if err != nil || len(edits) != 1 || edits[0].Source == nil || edits[0].Note != c.note {
				t.Fatalf("%v %+v", err, edits)
			}
			if !strings.Contains(patch, c.want) || (c.want == "") != (patch == "") {
				t.Errorf("patch\n%s", patch)
			}
		})
	}
}
