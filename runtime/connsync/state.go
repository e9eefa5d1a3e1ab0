package connsync

// The states of TCP and SCTP that are sent (ip_vs_sync.c, ip_vs_sync_conn_needed), by the names in the table (ip_vs_proto_tcp.c,
// ip_vs_proto_sctp.c). A connection that is still being opened is not: the client tries again.
const (
	tcpEstablished  = 1
	sctpEstablished = 8
)

// stateOf is the number of a state, and whether connections in it are synchronised. The names of templates are those of ip_vs_state_name
// in ip_vs_proto.c.
func stateOf(proto uint8, template bool, name []byte) (state uint16, synced bool) {
	if template {
		switch string(name) {
		case "NONE":
			return 0, true
		case "ASSURED":
			return 1, true
		}
		return 0, false
	}
	switch proto {
	case TCP:
		return tcpState(name)
	case SCTP:
		return sctpState(name)
	case UDP:
		return 0, string(name) == "UDP"
	}
	return 0, false
}

func tcpState(name []byte) (uint16, bool) {
	switch string(name) {
	case "ESTABLISHED":
		return tcpEstablished, true
	case "FIN_WAIT":
		return 4, true
	case "TIME_WAIT":
		return 5, true
	case "CLOSE":
		return 6, true
	case "CLOSE_WAIT":
		return 7, true
	}
	return 0, false
}

func sctpState(name []byte) (uint16, bool) {
	switch string(name) {
	case "ESTABLISHED":
		return sctpEstablished, true
	case "S-SENT":
		return 9, true
	case "S-RECEIVED":
		return 10, true
	case "S-ACK-SENT":
		return 11, true
	case "CLOSED":
		return 13, true
	}
	return 0, false
}

// flagsOf are the flags of a connection that was read from a table, which does not show them. Of those that are synchronised, only
// established connections count as active; UDP never does (ip_vs_bind_dest, tcp_state_active_table, set_sctp_state).
func flagsOf(proto uint8, template bool, state uint16) uint32 {
	switch {
	case template:
		return FlagTemplate
	case proto == TCP && state == tcpEstablished, proto == SCTP && state == sctpEstablished:
		return 0
	}
	return FlagInactive
}
