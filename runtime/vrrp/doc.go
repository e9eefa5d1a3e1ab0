// Package vrrp is RFC 9568 (and RFC 3768 for version 2) as pure code: the codec of advertisements and the state machine of virtual
// routers. It has no clock, no socket and no goroutine, and does not allocate once its buffers have grown.
//
// A driver owns one Group per sync group (most have one member). It calls Start once, then Step for each advertisement, verdict and
// expired deadline, carries out the effects in their order, and arms one timer for Deadline. Times are durations since any fixed moment
// of a monotonic clock.
//
// Rule of late timers: before Step(now, _, Timer()) the driver reads what its sockets hold whenever Late says so. A process that was
// paused or starved would otherwise take the silence it caused itself for the death of the Active router.
package vrrp
