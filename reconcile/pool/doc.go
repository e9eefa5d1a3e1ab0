// Package pool decides what the verdicts of health checks make of the real servers of each service: who leaves, who comes back and how
// gently, when the sorry server stands in, and when so many fail at once that the checks are not believed. It is pure: time is given to
// it, and what it decides is a value.
package pool
