// Package bench measures lbsync beside keepalived under one kernel, and reports what it measured.
//
// Three parts: Prepare writes the same rules for both systems, on the host. Measure runs both in the lab, round by round, each in a
// network namespace of its own. Results are what came of it; they become a page, a plot and JSON.
package bench
