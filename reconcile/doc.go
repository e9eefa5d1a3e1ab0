// Package reconcile says HOW one director gets from what its kernel holds to what the fleet wants. It is pure but for Execute: no
// clock, no goroutine, no I/O; what it decides is a spec.Plan, which prints.
//
//	Want     what one director's kernel should hold: the view of the fleet, and the facts
//	Diff     what differs between two states
//	NewPlan  the differences that lbsync may touch, each with reason and risk, in order
//	Execute  runs a plan on a Target; a retry is a new plan from what is live
//	Advance  the live state afterwards, without reading it again
package reconcile
