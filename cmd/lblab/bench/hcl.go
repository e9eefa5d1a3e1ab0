package bench

import (
	"bytes"
	"fmt"
)

// fleetFiles are the rules as a fleet: the directors, and a file for each cluster.
func (r Rules) fleetFiles(version int) map[string][]byte {
	files := map[string][]byte{"directors.hcl": []byte("director \"lb1\" {}\n\ndirector \"lb2\" {}\n")}
	each := (r.Services + r.Clusters - 1) / r.Clusters
	for c := range r.Clusters {
		files[fmt.Sprintf("cluster%03d.hcl", c)] = r.cluster(c, c*each, min((c+1)*each, r.Services), version)
	}
	return files
}

func (r Rules) cluster(c, from, to int, version int) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "cluster \"c%03d\" {\n  directors = [\"lb1\", \"lb2\"]\n", c)
	for i := from; i < to; i++ {
		r.virtualServer(&b, i, version)
	}
	b.WriteString("}\n")
	return b.Bytes()
}

func (r Rules) virtualServer(b *bytes.Buffer, i int, version int) {
	fmt.Fprintf(b, `
  virtual_server "s%04d" {
    address    = "%s"
    port       = %d
    protocol   = "tcp"
    scheduler  = "wrr"
    forwarding = "dr"
`, i, r.service(i), port)
	for j := range r.RealServers {
		fmt.Fprintf(b, "    real_server \"%s:%d\" { weight = %d }\n", r.realServer(i, j), port, r.weight(i, j, version))
	}
	b.WriteString("  }\n")
}

// lines counts the lines of a fleet.
func lines(files map[string][]byte) int {
	n := 0
	for _, f := range files {
		n += bytes.Count(f, []byte("\n"))
	}
	return n
}
