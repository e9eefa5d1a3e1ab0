package kerneltest

import "github.com/lbsync/lbsync/spec"

// schedulers are those of Debian's Linux 6.1.
var schedulers = []string{"rr", "wrr", "lc", "wlc", "lblc", "lblcr", "dh", "sh", "mh", "sed", "nq", "fo", "ovf"}

// sysctlDefaults are the sysctls of a Debian 6.1 kernel in a fresh network namespace. sync_qlen_max follows the memory there.
var sysctlDefaults = map[spec.SysctlKey]spec.Setting{
	"net.ipv4.vs.am_droprate":               "10",
	"net.ipv4.vs.amemthresh":                "1024",
	"net.ipv4.vs.backup_only":               "0",
	"net.ipv4.vs.cache_bypass":              "0",
	"net.ipv4.vs.conn_reuse_mode":           "1",
	"net.ipv4.vs.conntrack":                 "0",
	"net.ipv4.vs.drop_entry":                "0",
	"net.ipv4.vs.drop_packet":               "0",
	"net.ipv4.vs.expire_nodest_conn":        "0",
	"net.ipv4.vs.expire_quiescent_template": "0",
	"net.ipv4.vs.ignore_tunneled":           "0",
	"net.ipv4.vs.nat_icmp_send":             "0",
	"net.ipv4.vs.pmtu_disc":                 "1",
	"net.ipv4.vs.run_estimation":            "1",
	"net.ipv4.vs.schedule_icmp":             "0",
	"net.ipv4.vs.secure_tcp":                "0",
	"net.ipv4.vs.sloppy_sctp":               "0",
	"net.ipv4.vs.sloppy_tcp":                "0",
	"net.ipv4.vs.snat_reroute":              "1",
	"net.ipv4.vs.sync_persist_mode":         "0",
	"net.ipv4.vs.sync_ports":                "1",
	"net.ipv4.vs.sync_qlen_max":             "16384",
	"net.ipv4.vs.sync_refresh_period":       "0",
	"net.ipv4.vs.sync_retries":              "0",
	"net.ipv4.vs.sync_sock_size":            "0",
	"net.ipv4.vs.sync_threshold":            "3 50",
	"net.ipv4.vs.sync_version":              "1",
}

// otherSysctls are some that every kernel has, and that a director may be told to hold.
var otherSysctls = map[spec.SysctlKey]spec.Setting{
	"net.ipv4.ip_forward":             "0",
	"net.ipv4.conf.all.arp_announce":  "0",
	"net.ipv4.conf.all.arp_ignore":    "0",
	"net.ipv4.conf.all.rp_filter":     "0",
	"net.ipv4.conf.eth0.arp_announce": "0",
	"net.ipv4.conf.eth0.arp_ignore":   "0",
	"net.ipv4.conf.eth0.rp_filter":    "0",
	"net.ipv6.conf.all.forwarding":    "0",
}

// maxTimeout is the longest timeout the kernel takes, in seconds, where its clock ticks 250 times a second as Debian's does
// (INT_MAX / HZ, ip_vs_set_timeout).
const maxTimeout = (1<<31 - 1) / 250
