package agent

import "time"

// task is something that falls due.
type task uint8

// The tasks; of those due at one time the first goes first.
const (
	signOfLife task = iota // tell systemd's watchdog that the loop turns
	expire                 // a pin, a suspension or an override ends
	retry                  // what failed is tried again
	look                   // the kernel is read
	proof                  // a commit on trial is judged
	resyncing              // connections are owed to a backup
	routine                // the next full resync by itself may come
	rising                 // the weight of a real server that came back rises
	draining               // the connections of drains are counted
	recording              // what happened to the pools is recorded
	fetch                  // the repository is asked
	tasks
)

// agenda says when each task is due; the zero time is never.
type agenda [tasks]time.Time

// next is the task that is due first.
func (a *agenda) next() (task, time.Time) {
	first := tasks
	for t, at := range a {
		if !at.IsZero() && (first == tasks || at.Before(a[first])) {
			first = task(t)
		}
	}
	if first == tasks {
		panic("nothing will ever be due: the kernel would not be read again")
	}
	return first, a[first]
}

// sooner makes a task due no later than at.
func (a *agenda) sooner(t task, at time.Time) {
	if a[t].IsZero() || at.Before(a[t]) {
		a[t] = at
	}
}

// nextPoll is the first moment after now at the director's phase of the interval, so that many directors do not ask at once.
func nextPoll(now time.Time, interval, phase time.Duration) time.Time {
	at := now.Truncate(interval).Add(phase)
	if !at.After(now) {
		at = at.Add(interval)
	}
	return at
}

// The waits after a failure double from first to longest.
const (
	firstRetry   = time.Second
	longestRetry = 5 * time.Minute
)

// backoff is the wait after the nth failure in a row, n from 1. r, from 0 up to 1, spreads it over the upper half, so that many
// directors do not come back at once.
func backoff(n int, r float64) time.Duration {
	d := longestRetry
	if n < 10 { // 2^9 s is beyond the longest
		d = min(firstRetry<<(n-1), longestRetry)
	}
	return d/2 + time.Duration(r*float64(d/2))
}
