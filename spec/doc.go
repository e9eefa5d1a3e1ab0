// Package spec says WHAT is wanted: the fleet as its HCL describes it, and the vocabulary in which wanted and live state are
// compared. It is a leaf: no I/O beyond fs.FS, no clock, no goroutine that outlives a call.
//
// A fleet is loaded once for all directors (LoadFS); View takes one director's part out of it. State is the comparable form of what
// a kernel should hold, or holds: the same type for both, so that a difference is found by ==.
package spec
