// Package pair puts VRRP speakers on a switch and watches them: lbsync's engine and Debian's keepalived, each in a network namespace of
// its own, configured from the same value, with a capture at every port of the switch. It needs root, and no IPVS.
package pair
