package topology

import (
	"strings"
	"testing"
)

func TestParseRefuses(t *testing.T) {
	const front = "segment front\n"
	for name, c := range map[string]struct{ text, want string }{
		"nothing":              {"# only a comment\n", "t:1: no statement"},
		"unknown statement":    {"nodes a\n", `t:1: unknown statement "nodes"; use segment or node`},
		"continuation first":   {" node a\n", "t:1: continuation of nothing"},
		"segment words":        {"segment a b\n", "t:1: a segment has a name and nothing else"},
		"node without name":    {"node\n", "t:1: a node has no name"},
		"long name":            {"node abcdefghijklmnop\n", `t:1: bad name "abcdefghijklmnop"`},
		"reserved name":        {"segment lo\n", `t:1: the name "lo" has a meaning of its own`},
		"name twice":           {front + "node front\n", `t:2: the name "front" is taken in line 1`},
		"missing segment":      {"node a back=192.0.2.1/24\n", `t:1: no segment "back"; add a line: segment back`},
		"segment twice":        {front + "node a front=192.0.2.1/24 front=192.0.2.2/24\n", "t:2: node a is on segment front twice"},
		"address of other":     {front + "node a front=192.0.2.1/24\nnode b front=192.0.2.1/24\n", "t:3: node a has 192.0.2.1 on segment front too"},
		"address twice":        {front + "node a front=192.0.2.1/24,192.0.2.1/24\n", "t:2: the address 192.0.2.1 is there twice"},
		"no length":            {front + "node a front=192.0.2.1\n", `t:2: cannot read the address "192.0.2.1"; write ADDRESS/LENGTH`},
		"bare word":            {front + "node a front\n", `t:2: cannot read "front"`},
		"empty value":          {front + "node a front=\n", `t:2: cannot read "front="`},
		"gateway unread":       {front + "node a front=192.0.2.1/24 default=x\n", `t:2: cannot read the gateway "x"`},
		"gateway unreachable":  {front + "node a front=192.0.2.1/24 default=198.51.100.1\n", "t:2: node a cannot reach the gateway 198.51.100.1"},
		"two default routes":   {front + "node a front=192.0.2.1/24 default=192.0.2.2,192.0.2.3\n", "t:2: node a has two routes to 0.0.0.0/0"},
		"route of families":    {front + "node a front=192.0.2.1/24 route=2001:db8::/64@192.0.2.2\n", "t:2: the route to 2001:db8::/64 has a gateway of the other address family"},
		"route with host bits": {front + "node a front=192.0.2.1/24 route=10.0.0.1/8@192.0.2.2\n", `t:2: cannot read the prefix "10.0.0.1/8"`},
		"sysctl of machine":    {"node a sysctl kernel.panic=1\n", `t:1: cannot set "kernel.panic=1"`},
		"sysctl empty":         {"node a sysctl\n", "t:1: sysctl without settings"},
		"line of continuation": {front + "node a\n  front=192.0.2.1/24\n  nope=192.0.2.1/24\n", `t:4: no segment "nope"`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("t", c.text)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want %s", err, c.want)
			}
		})
	}
}

func TestParseReportsEveryError(t *testing.T) {
	_, err := Parse("t", "what\nnode a x=1\nnode b sysctl y\n")
	if lines := strings.Split(err.Error(), "\n"); len(lines) != 3 {
		t.Errorf("%d errors, want 3:\n%v", len(lines), err)
	}
}
