package kernel

// The generic netlink interface of IPVS: commands and attributes of include/uapi/linux/ip_vs.h. moby/ipvs has the first of them too,
// but exports none.

const (
	familyName    = "IPVS"
	familyVersion = 1
)

const (
	cmdNewService = iota + 1
	cmdSetService
	cmdDelService
	cmdGetService
	cmdNewDest
	cmdSetDest
	cmdDelDest
	cmdGetDest
	cmdNewDaemon
	cmdDelDaemon
	cmdGetDaemon
	cmdSetConfig
	cmdGetConfig
)

// Top-level attributes.
const (
	attrService = iota + 1
	attrDest
	attrDaemon
	attrTimeoutTCP
	attrTimeoutTCPFin
	attrTimeoutUDP
)

// Attributes of a service.
const (
	svcFamily   = iota + 1 // u16
	svcProtocol            // u16
	svcAddr                // 16 bytes, of which IPv4 uses the first 4
	svcPort                // u16, network order
	svcFWMark              // u32
	svcScheduler
	svcFlags   // u32 flags, u32 mask of the flags to set
	svcTimeout // u32 seconds
	svcNetmask // IPv4: a mask in network order. IPv6: a prefix length in host order
	svcStats
	svcEngine
	svcStats64
)

// Attributes of a real server.
const (
	dstAddr = iota + 1
	dstPort
	dstForward // u32
	dstWeight  // u32, but an int in the kernel
	dstUpper
	dstLower
	dstActive
	dstInactive
	dstPersistent
	dstStats
	dstFamily // u16; absent means the service's
	dstStats64
	dstTunType  // u8
	dstTunPort  // u16, network order
	dstTunFlags // u16
)

// Attributes of a sync daemon.
const (
	daemonState = iota + 1 // u32: 1 master, 2 backup
	daemonInterface
	daemonSyncID // u32
	daemonMaxLen // u16
	daemonGroup  // 4 bytes
	daemonGroup6 // 16 bytes
	daemonPort   // u16, in host order, unlike every other port
	daemonTTL    // u8
)

// Attributes of counters.
const (
	statConns = iota + 1
	statInPackets
	statOutPackets
	statInBytes
	statOutBytes
	statConnRate
	statInPacketRate
	statOutPacketRate
	statInByteRate
	statOutByteRate
)

// Flags of a service that are not the operator's to set.
const (
	flagPersistent = 0x0001
	flagHashed     = 0x0002
)
