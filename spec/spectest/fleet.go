// Package spectest makes large fleets for benchmarks.
package spectest

import (
	"fmt"
	"strings"
	"testing/fstest"
)

// Fleet is the HCL of a fleet: so many virtual servers with so many real servers each, spread over so many clusters of two
// directors, one file for a cluster. A virtual server takes 5 lines and one for each real server, and so do the braces around it.
func Fleet(services, perService, clusters int) fstest.MapFS {
	out := fstest.MapFS{}
	var dirs strings.Builder
	for c := range clusters {
		fmt.Fprintf(&dirs, "director \"c%03da\" {}\ndirector \"c%03db\" {}\n", c, c)
		out[fmt.Sprintf("cluster%03d.hcl", c)] = &fstest.MapFile{Data: cluster(c, services*c/clusters, services*(c+1)/clusters, perService)}
	}
	out["directors.hcl"] = &fstest.MapFile{Data: []byte(dirs.String())}
	return out
}

func cluster(c, from, to, perService int) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "cluster \"c%03d\" {\n  directors = [\"c%03da\", \"c%03db\"]\n\n", c, c, c)
	fmt.Fprintf(&b, "  connection_sync {\n    syncid    = %d\n    interface = \"eth0\"\n  }\n", 1+c%255)
	for s := from; s < to; s++ {
		fmt.Fprintf(&b, "\n  virtual_server \"s%05d\" {\n    address    = \"%s\"\n    port       = 80\n", s, VIP(s))
		b.WriteString("    protocol   = \"tcp\"\n    scheduler  = \"wrr\"\n    forwarding = \"dr\"\n\n")
		for r := range perService {
			fmt.Fprintf(&b, "    real_server \"%s\" {\n      weight = %d\n    }\n", Real(s, r), 1+(s+r)%100)
		}
		b.WriteString("  }\n")
	}
	b.WriteString("}\n")
	return []byte(b.String())
}

// VIP is the address of virtual server number s.
func VIP(s int) string { return fmt.Sprintf("10.%d.%d.%d", s>>16, s>>8&255, s&255) }

// Real is the address of real server number r of virtual server number s.
func Real(s, r int) string { return fmt.Sprintf("172.%d.%d.%d", 16+r, s>>8&255, s&255) }

// Change replaces one text of one file by another in a copy of the fleet.
func Change(fleet fstest.MapFS, name, from, to string) fstest.MapFS {
	out := fstest.MapFS{}
	for n, f := range fleet {
		out[n] = f
	}
	text := string(fleet[name].Data)
	if !strings.Contains(text, from) {
		panic("spectest: " + name + " does not contain " + from)
	}
	out[name] = &fstest.MapFile{Data: []byte(strings.Replace(text, from, to, 1))}
	return out
}
