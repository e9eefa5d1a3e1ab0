// Package reconciletest gives tests of plans a Target in memory that answers as the kernel and the engine do, fails and crashes where it
// is told to, remembers what was done to it, and prints what it holds in the manner of `ipvsadm -Sn`.
package reconciletest
