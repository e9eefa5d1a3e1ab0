// Package engine is the real-time process of a director: it elects, advertises, and holds what belongs to the master of each virtual
// router. It works by the last wanted state that an agent gave it, also when no agent is there.
//
// Three parts share the work, each in a goroutine of its own:
//
//   - loop has the state machines of package vrrp, the sockets of advertisements and one heap of deadlines. It runs on a locked thread,
//     under SCHED_RR where that is allowed, and neither allocates nor waits for anything but poll.
//   - holder changes the kernel: addresses, routes, rules, virtual MACs, sync daemons, announcements. It hears of interfaces and
//     addresses, and tells the loop what matters to elections. An acquisition of thousands of addresses takes it as long as it takes.
//   - control answers the agent, checks what is wanted and keeps it on disk.
//
// The loop gives orders to the holder and events to control without waiting for either; they post it functions to run.
package engine
