package spec

import (
	"fmt"
	"strings"
	"sync"

	"github.com/lbsync/lbsync/spec/internal/schema"
)

const notYet = "It is not in this version of lbsync: remove it."

// refused are words that people may write and that are left out: what to do instead, or why.
var refused = map[string]string{
	"state":                   "The initial state follows from the priority alone, as in keepalived for every priority below 255: remove it.",
	"nopreempt":               "Write preempt = false.",
	"native_ipv6":             "An instance with IPv6 addresses advertises over IPv6: remove it.",
	"debug":                   "Write log_level in the agent's own file.",
	"quorum_up":               `Write notify "exec" with on = ["quorum"] in the cluster: the program is given QUORUM_UP or QUORUM_DOWN.`,
	"quorum_down":             `Write notify "exec" with on = ["quorum"] in the cluster: the program is given QUORUM_UP or QUORUM_DOWN.`,
	"notify_up":               `Write notify "exec" with on = ["real_server"] in the cluster: the program is given REAL_SERVER_UP or REAL_SERVER_DOWN.`,
	"notify_down":             `Write notify "exec" with on = ["real_server"] in the cluster: the program is given REAL_SERVER_UP or REAL_SERVER_DOWN.`,
	"track_bfd":               notYet,
	"bfd_instance":            notYet,
	"static_ipaddress":        notYet,
	"static_routes":           notYet,
	"static_rules":            notYet,
	"skip_check_adv_addr":     notYet,
	"check_unicast_src":       notYet,
	"higher_prio_send_advert": notYet,
	"lower_prio_no_advert":    notYet,
	"auth_hmac":               notYet,
	"use_ipvlan":              notYet,
	"nftables":                "lbsync writes no firewall rules: remove it.",
	"nftables_ipvs":           "lbsync writes no firewall rules: set the firewall mark yourself and write fwmark.",
	"net_namespace":           "The agent works in the namespace that it is started in: start it there.",
	"net_namespace_ipvs":      "The agent works in the namespace that it is started in: start it there.",
	"script_user":             "Give the program a wrapper that changes the user: remove it.",
	"auth_ah":                 "Authentication headers were removed from VRRP in 2004 (RFC 3768): write version 2 with type \"pass\", or nothing.",
	"vrrp_strict":             "What the RFC forbids is refused in any case: remove it.",
	"strict_mode":             "What the RFC forbids is refused in any case: remove it.",
	"lvs_flush":               "What is not in the fleet is reported and left alone: remove it.",
	"lvs_flush_on_stop":       "Stopping the agent leaves the services working: remove it.",
	"ha_suspend":              "Checks run on every director, so that a backup knows its real servers: remove it.",
	"omega":                   "Stopping the agent changes no service: remove it.",
	"digest":                  "Write body = \"…\", a regular expression, in health_check \"http\".",
	"enable_snmp":             "There is no SNMP; metrics come over HTTP: remove it.",
	"snmp_name":               "There is no SNMP: remove it.",
	"enable_dbus":             "There is no D-Bus: remove it.",
	"vrrp_iptables":           "lbsync writes no firewall rules: remove it.",
	"vrrp_ipsets":             "lbsync writes no firewall rules: remove it.",
	"global_defs":             "What is global in keepalived belongs to a cluster or a director here: move its settings to where they act.",
	"include":                 "Every *.hcl file below the folder is loaded: remove it.",
	"hashed":                  "The kernel sets this flag itself: remove it.",
	"lvs_sync_daemon_inst":    "Write mode = \"follow\" and follow = \"INSTANCE\" in connection_sync.",
	"persistence_granularity": "Write persistence_prefix, the length of the mask: 24 for 255.255.255.0.",
}

// foreign are the words of keepalived and ipvsadm that have another name here.
var foreign = sync.OnceValue(func() map[string]string {
	words := map[string]string{
		"lvs_sync_daemon_interface": "Write interface in connection_sync.",
		"vip":                       "Write address.",
		"vrid":                      "keepalived's and ipvsadm's vrid is virtual_router_id here.",
		"netmask":                   "Write persistence_prefix, the length of the mask.",
		"mcast_group":               "Write group.",
		"mcast_interface":           "Write interface.",
	}
	for _, b := range topBlocks {
		addForeign(words, b)
	}
	return words
})

func addForeign(words map[string]string, b *schema.Info) {
	for word := range strings.SplitSeq(b.Keepalived, ", ") {
		if word != "" && word != b.Name && words[word] == "" {
			words[word] = fmt.Sprintf("keepalived's %s is the block %s here.", word, b.Name)
		}
	}
	for _, a := range b.Attrs {
		for word := range strings.SplitSeq(a.Keepalived, ", ") {
			if word != "" && word != a.Name && words[word] == "" {
				words[word] = fmt.Sprintf("keepalived's %s is %s in %s here.", word, a.Name, b.Name)
			}
		}
	}
	for _, inner := range b.Blocks {
		addForeign(words, inner)
	}
}
