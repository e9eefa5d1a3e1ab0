package source

import (
	"fmt"
	"strings"
	"testing"
)

// Two commits that differ in one of a hundred files, as an agent asks for them: their trees by turns.
func BenchmarkTree(b *testing.B) {
	o := newOrigin(b)
	m := open(b, config(b, o.dir))
	var ids []string
	for weight := range 2 {
		fleet := files{"site/0.hcl": fmt.Sprint("weight = ", weight)}
		for i := range 99 {
			fleet[fmt.Sprintf("site/cluster%02d.hcl", i)] = strings.Repeat(fmt.Sprintf("# line of file %d\n", i), 1500)
		}
		ids = append(ids, o.push("main", "fleet", fleet))
		fetch(b, m)
	}
	i := 0
	b.ReportAllocs()
	for b.Loop() {
		if _, err := m.Tree(ids[i%2]); err != nil {
			b.Fatal(err)
		}
		i++
	}
}
