package connsync

import "net/netip"

// The protocols whose connections are synchronised, and the one under which the templates of firewall-mark services are kept.
const (
	IP   uint8 = 0
	TCP  uint8 = 6
	UDP  uint8 = 17
	SCTP uint8 = 132
)

// The flags of a connection that a backup takes from a message (include/uapi/linux/ip_vs.h, IP_VS_CONN_F_BACKUP_MASK). Bits 0 to 2 are
// how packets are forwarded; a backup that has the real server takes this from it (ip_vs_conn.c, ip_vs_bind_dest).
const (
	FlagInactive uint32 = 0x0100 // counted as inactive; a message with it never replaces a connection to another real server
	FlagSeq      uint32 = 0x0600 // sequence numbers are adjusted
	FlagNoCPort  uint32 = 0x0800 // the client's port is not known yet
	FlagTemplate uint32 = 0x1000 // a persistence template: no connection, but where the client's next ones go
)

// Conn is a connection, or a persistence template, as a table shows it and a message carries it.
type Conn struct {
	Proto   uint8
	State   uint16 // numbers of include/net/ip_vs.h
	Flags   uint32
	Mark    uint32         // of a firewall-mark service; 0 for one by address
	Timeout uint32         // seconds; in a message, 0 is what the receiver's own table of timeouts says of the state
	Client  netip.AddrPort // the port of a template is 0
	Virtual netip.AddrPort // of a template of a firewall-mark service, the mark written as an address
	Real    netip.AddrPort

	Engine     string // persistence engine of a template, such as "sip"; "" is none
	EngineData []byte // what it recognises the client by; at most 255 bytes

	In, Out Sequence // only parsed: a connection table does not show them
}

// Sequence is how the sequence numbers of one direction are adjusted, which applications such as FTP need that change the length of data.
type Sequence struct{ Init, Delta, Previous uint32 }

// Template says whether it is a persistence template.
func (c *Conn) Template() bool { return c.Flags&FlagTemplate != 0 }
