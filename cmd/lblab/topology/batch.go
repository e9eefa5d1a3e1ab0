package topology

// Batch is a list of commands for one network namespace, in the words of ip(8) and sysctl(8).
type Batch struct {
	Namespace string   // empty: where lblab itself runs
	IP        []string // lines for ip -batch
	Sysctl    []string // KEY=VALUE
}
