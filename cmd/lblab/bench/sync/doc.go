// Package sync measures what a change of a cluster costs the connections that are open: two directors with lbsync, a client whose
// connections are active, idle or just opened, a change by a commit, connections opened meanwhile, a failover, and then a line on every
// one of them. Beside it stands what operators do by hand with ipvsadm.
package sync
