package spec

import (
	"fmt"
	"slices"
	"strings"

	"github.com/lbsync/lbsync/spec/internal/schema"
)

// ipvsSysctl is where IPVS keeps its settings.
const ipvsSysctl = "net.ipv4.vs."

// SyncThreshold says which packets of a connection have it sent to the backups (ip_vs_sync.c, ip_vs_sync_conn_needed).
const SyncThreshold SysctlKey = ipvsSysctl + "sync_threshold"

// ipvsSysctls are the settings below net.ipv4.vs (Documentation/networking/ipvs-sysctl.rst), without the counters.
var ipvsSysctls = []string{
	"am_droprate", "amemthresh", "backup_only", "cache_bypass", "conn_lfactor", "conn_reuse_mode", "conntrack", "drop_entry", "drop_packet", "est_cpulist",
	"est_nice", "expire_nodest_conn", "expire_quiescent_template", "ignore_tunneled", "nat_icmp_send", "pmtu_disc", "run_estimation",
	"schedule_icmp", "secure_tcp", "sloppy_sctp", "sloppy_tcp", "snat_reroute", "svc_lfactor", "sync_persist_mode", "sync_ports", "sync_qlen_max",
	"sync_refresh_period", "sync_retries", "sync_sock_size", "sync_threshold", "sync_version",
}

func checkSysctlName(d *schema.Decoder, in *schema.Instance, name string) {
	switch short, ipvs := strings.CutPrefix(name, ipvsSysctl); {
	case ipvs && !slices.Contains(ipvsSysctls, short):
		d.Error(in.At("sysctls"), "Unknown sysctl", fmt.Sprintf("There is no sysctl %q.%s", name, schema.DidYouMean(short, ipvsSysctls)))
	case !strings.HasPrefix(name, "net.") || strings.ContainsFunc(name, notSysctl) || strings.Contains(name, ".."):
		d.Error(in.At("sysctls"), "Sysctl not allowed", fmt.Sprintf("%q: only settings below net. can be held, by their dotted name, such as \"net.ipv4.vs.conntrack\".", name))
	}
}

func notSysctl(c rune) bool {
	return !(c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("._-", c))
}
