// Package agent is the loop on each director: a commit is fetched, loaded, judged, planned, applied, read back and journaled; the
// kernel is read again and again and put right; operators roll back, pin and suspend.
//
// One goroutine decides and writes (Run). What may take long and is not the kernel, the fetch, runs beside it and reports through a
// channel; everything else that wants something asks through a channel too. Every call that the loop makes itself is bounded in time.
//
// What has to outlive the process is one value, held, kept in two generations in the state folder. It is written after the kernel:
// between the two stands a small intent, written before the kernel, which says what was begun. So a process that is killed at any
// point goes on where it was, with git away too:
//
//	intent → journal (planned, intent) → kernel → held → journal (applied) → read back
//
// When intent or journal cannot be written (a full disk), no new commit is applied: what nobody could account for later is not begun.
// Repairing drift goes on: the state it restores was accounted for when it was applied, and a full disk must not leave a director
// without services. What could not be recorded meanwhile is counted in the next record that can be written.
package agent
