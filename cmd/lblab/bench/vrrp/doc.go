// Package vrrp measures lbsync's engine beside Debian's keepalived, natively, in network namespaces: how late a failure is noticed, how
// soon addresses are announced, how regular advertisements are under load, and what that costs.
package vrrp
