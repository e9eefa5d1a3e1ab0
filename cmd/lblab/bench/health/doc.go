// Package health measures what lbsync's health checks cost and how soon they notice, with servers in a network namespace of their own,
// and beside Debian's keepalived under a kernel with IPVS.
package health
