package spec

// VRRPNews is one thing to keep about VRRP: a transition, how telling somebody of one went, or that some of either were lost.
type VRRPNews struct {
	Event VRRPEvent
	Told  *Told  // nil: the event itself
	Lost  uint64 // events, or tellings, that nobody will hear of; Why says which and why
	Why   string
}

// Told is how telling somebody of a transition went.
type Told struct {
	Subject string // "INSTANCE codis_6379" or "GROUP codis"
	State   string // master, backup, fault or stop
	Target  string // kind and target of the notify block: "exec /etc/lbsync/notify.sh"
	Result  string // "ok", or what went wrong, such as "exit status 1: no route to host"
}

// Empty says whether there is nothing for an engine to do.
func (v VRRP) Empty() bool {
	return len(v.Instances)+len(v.Peers)+len(v.Addresses)+len(v.Routes)+len(v.Rules)+len(v.Trackers)+len(v.Follow) == 0
}
