package bench

import "fmt"

// machineText says what was measured where; a figure without that means nothing.
func (r Results) machineText() string {
	m := r.Machine
	where := fmt.Sprintf("the running kernel, Linux %s", m.Kernel)
	if m.Emulated() {
		where = fmt.Sprintf("Linux %s in a virtual machine **without hardware virtualisation** (QEMU TCG, %d processors): compare the two systems with each other, not with other machines", m.Kernel, m.Processors)
	}
	return fmt.Sprintf("Written by `%s`, %d rounds: medians, with the fastest and the slowest round in brackets.\n\n"+
		"- machine: %s, %d cores, %s, Linux %s; load average before: %s\n- IPVS: %s\n- %s; %s, %s\n"+
		"- the kernel was looked at every %s, by getsockopt: %s for one service, %s for the weights of one, %s once at the end for all\n\n",
		r.Command, r.Rounds, m.Processor, m.Cores, m.System, m.HostKernel, m.Load, where, m.Keepalived, m.Lbsync, m.Go,
		human(r.Looks.Every), human(r.Looks.Service), human(r.Looks.Weights), human(r.Looks.All))
}

// agentText is what the kernel and proc(5) say of the running agent.
func (r Results) agentText() string {
	a := r.Agent
	return fmt.Sprintf("A running agent of %s gave the kernel %s commands that write while it filled it, and %d until it was %s old, while it read it by %s calls. "+
		"The kernel counted them itself, by probes on `ip_vs_genl_set_cmd`, `do_ip_vs_set_ctl` and `do_ip_vs_get_ctl`. Its resident set was %s then, %s at its peak.\n",
		a.Rules.size(), thousands(int(a.Filling)), a.Writes, human(a.Age), thousands(int(a.Reads)), megabytes(a.Resident), megabytes(a.Peak))
}
