// Package syncing does by hand what the kernel's sync daemons leave undone: it sends a director's whole connection table to its backups
// (Resync), takes the samples by which directors see how much of it arrived (Sample), and hears who else speaks on the groups (Listener).
// docs/connection-sync.md has the reasons and the figures.
package syncing
