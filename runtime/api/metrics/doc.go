// Package metrics says what an agent knows in the words of Prometheus. A metric is a Definition in one of the tables, a table a group in
// a file; what is shown is read from the status and the counters that the local socket gives out too, so that none of it can disagree with
// `lbsync status`.
package metrics
