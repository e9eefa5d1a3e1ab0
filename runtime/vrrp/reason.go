package vrrp

// Reason is why a packet was dropped (RFC 9568, section 7.1); Accepted if it was not.
type Reason uint8

// The reasons, in the order of the checks.
const (
	Accepted      Reason = iota
	Looped               // our own packet
	WrongTTL             // not 255, or out of the range for a unicast peer
	WrongDelivery        // multicast to an instance with unicast peers, or the reverse
	UnknownPeer          // unicast from an address that is no peer
	TooShort
	WrongVersion
	WrongType
	UnknownRouter // virtual router id that nobody here has
	NoAddresses   // count 0 (erratum 8299)
	Truncated     // shorter than its count of addresses says
	TooLong       // longer than that
	WrongChecksum
	WrongAuthType
	WrongPassword
	NoInterval    // interval 0 (erratum 8301)
	WrongInterval // version 2 only (RFC 3768, section 7.1)
	NotLinkLocal  // first IPv6 address is not link-local (erratum 8300)
)

// Reasons is how many reasons there are: the length of an array of counters.
const Reasons = int(NotLinkLocal) + 1

var reasonTexts = [Reasons]string{
	"accepted", "own packet", "wrong TTL", "wrong delivery", "unknown peer", "too short", "wrong version", "wrong type", "unknown virtual router id",
	"no addresses", "truncated", "too long", "wrong checksum", "wrong authentication type", "wrong password", "interval 0", "interval differs",
	"first address not link-local",
}

// String names the reason for counters and logs.
func (r Reason) String() string { return reasonTexts[r] }
