package bench

import (
	"bytes"
	"fmt"
)

// keepalivedConf is the rules in keepalived's words. Real servers without a checker count as up at once, as in the fleet.
func (r Rules) keepalivedConf(version int) []byte {
	var b bytes.Buffer
	b.WriteString("global_defs {\n    router_id bench\n}\n")
	for i := range r.Services {
		fmt.Fprintf(&b, `
virtual_server %s %d {
    lvs_sched wrr
    lvs_method DR
    protocol TCP
`, r.service(i), port)
		for j := range r.RealServers {
			fmt.Fprintf(&b, "    real_server %s %d {\n        weight %d\n    }\n", r.realServer(i, j), port, r.weight(i, j, version))
		}
		b.WriteString("}\n")
	}
	return b.Bytes()
}
