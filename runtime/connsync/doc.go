// Package connsync knows the connection synchronisation of IPVS: what a connection table shows, which connections are synchronised, the
// messages of protocol version 1, and how much of one table another holds. It has no clock and does no I/O.
//
// The protocol is that of net/netfilter/ipvs/ip_vs_sync.c; the table is /proc/net/ip_vs_conn (net/netfilter/ipvs/ip_vs_conn.c).
package connsync
