package spec

import "time"

// Notice is what became of a commit on this director, or of the pools that it asks for, or what was found beside it, for those whom a notify block names.
type Notice struct {
	Event  string // one of NoticeWords
	Commit Commit
	Why    string
	Time   time.Time

	Object string // of quorum and real_server: the service or real server, of several the first; else ""
	Is     string // of these: up or down
}

// NoticeWords are the events that a notice may be of, as `on` of a notify block has them.
var NoticeWords = []string{"applied", "refused", "reverted", "drift", "quorum", "real_server"}
