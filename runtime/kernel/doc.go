// Package kernel puts a director's wanted state into Linux and reads it back: IPVS services and real servers, connection-sync
// daemons, IPVS timeouts, sysctls. Types of spec go in and come out; nothing of netlink leaves the package.
//
// Writes, and the full read, go over generic netlink with the package's own codec: message.go builds, attr.go reads, socket.go
// carries, batch.go packs many writes into one system call. The fast read is the older getsockopt interface (legacy.go). convert.go
// and genl.go hold what the kernel calls things and where it is odd. docs/adr/0002-own-ipvs-codec.md says why not moby/ipvs alone.
package kernel
