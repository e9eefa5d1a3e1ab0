package connsync_test

import (
	"encoding/hex"
	"net/netip"
	"reflect"
	"strings"
	"testing"

	"github.com/lbsync/lbsync/runtime/connsync"
)

func ap(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

var (
	web = connsync.Conn{Proto: connsync.TCP, State: 1, Timeout: 898, Client: ap("192.0.2.50:40000"), Virtual: ap("192.0.2.100:80"), Real: ap("192.0.2.21:80")}
	dns = connsync.Conn{
		Proto: connsync.UDP, Flags: connsync.FlagInactive, Timeout: 7,
		Client: ap("[2001:db8::50]:40001"), Virtual: ap("[2001:db8::100]:53"), Real: ap("[2001:db8::21]:53"),
	}
	marked = connsync.Conn{
		Proto: connsync.IP, State: 1, Flags: connsync.FlagTemplate, Mark: 7, Timeout: 300,
		Client: ap("192.0.2.0:0"), Virtual: ap("0.0.0.7:0"), Real: ap("192.0.2.21:0"),
	}
	call = connsync.Conn{
		Proto: connsync.UDP, State: 0, Flags: connsync.FlagTemplate, Timeout: 60, Engine: "sip", EngineData: []byte("a84b4c76e66710@pc33"),
		Client: ap("192.0.2.50:0"), Virtual: ap("192.0.2.100:5060"), Real: ap("192.0.2.21:5060"),
	}
)

// The lines are as Linux 6.1 prints them.
var lines = []struct {
	line   string
	want   connsync.Conn
	synced bool
}{
	{"TCP C0000232 9C40 C0000264 0050 C0000215 0050 ESTABLISHED     898", web, true},
	{"UDP 2001:0db8:0000:0000:0000:0000:0000:0050 9C41 2001:0db8:0000:0000:0000:0000:0000:0100 0035 2001:0db8:0000:0000:0000:0000:0000:0021 0035 UDP               7", dns, true},
	{"IP  C0000200 0000 00000007 0000 C0000215 0000 ASSURED         300", marked, true},
	{"UDP C0000232 0000 C0000264 13C4 C0000215 13C4 NONE             60 sip a84b4c76e66710@pc33", call, true},
	{"TCP C0000232 9C40 C0000264 0050 C0000215 0050 FIN_WAIT         12", with(web, 4, connsync.FlagInactive, 12), true},
	{"TCP C0000232 9C40 C0000264 0050 C0000215 0050 TIME_WAIT        12", with(web, 5, connsync.FlagInactive, 12), true},
	{"TCP C0000232 9C40 C0000264 0050 C0000215 0050 CLOSE             9", with(web, 6, connsync.FlagInactive, 9), true},
	{"TCP C0000232 9C40 C0000264 0050 C0000215 0050 CLOSE_WAIT       12 ", with(web, 7, connsync.FlagInactive, 12), true},
	{"TCP C0000232 9C40 C0000264 0050 C0000215 0050 SYN_RECV         12", with(web, 0, connsync.FlagInactive, 12), false},
	{"TCP C0000232 9C40 C0000264 0050 C0000215 0050 ESTABLISHED 18446744073709551", with(web, 1, 0, 0), true},
	{"SCTP C0000232 9C40 C0000264 0050 C0000215 0050 ESTABLISHED     898", proto(with(web, 8, 0, 898), connsync.SCTP), true},
	{"SCTP C0000232 9C40 C0000264 0050 C0000215 0050 S-ACK-SENT      12", proto(with(web, 11, connsync.FlagInactive, 12), connsync.SCTP), true},
	{"SCTP C0000232 9C40 C0000264 0050 C0000215 0050 C-ECHOED        12", proto(with(web, 0, connsync.FlagInactive, 12), connsync.SCTP), false},
}

func with(c connsync.Conn, state uint16, flags, timeout uint32) connsync.Conn {
	c.State, c.Flags, c.Timeout = state, flags, timeout
	return c
}

func proto(c connsync.Conn, p uint8) connsync.Conn {
	c.Proto = p
	return c
}

func TestParseLine(t *testing.T) {
	for _, l := range lines {
		got, synced, err := connsync.ParseLine([]byte(l.line))
		if err != nil || synced != l.synced || !reflect.DeepEqual(got, l.want) {
			t.Errorf("%s\n got %+v, synchronised %v, error %v\nwant %+v, %v", l.line, got, synced, err, l.want, l.synced)
		}
	}
	for _, other := range []string{
		"ICMP C0000232 9C40 C0000264 0050 C0000215 0050 ICMP             12",
		"IP_50 C0000232 9C40 C0000264 0050 C0000215 0050 ERR!             12",
		"TCP C0000232 9C40 C0000264 0050 2001:0db8:0000:0000:0000:0000:0000:0021 0050 ESTABLISHED     898",
	} {
		if _, synced, err := connsync.ParseLine([]byte(other)); synced || err != nil {
			t.Errorf("%s: synchronised %v, error %v", other, synced, err)
		}
	}
	for _, bad := range []string{
		"", "Pro FromIP   FPrt ToIP     TPrt DestIP   DPrt State       Expires PEName PEData", "TCP C0000232 9C40 C0000264 0050 C0000215 0050 ESTABLISHED",
		"TCP C000023G 9C40 C0000264 0050 C0000215 0050 ESTABLISHED 1", "TCP C0000232 9C4 C0000264 0050 C0000215 0050 ESTABLISHED 1",
		"TCP C0000232 9C40 C0000264 0050 C0000215 0050 ESTABLISHED -1", "TCP 2001-0db8:0000:0000:0000:0000:0000:0021 9C40 C0000264 0050 C0000215 0050 ESTABLISHED 1",
		"TCP 2001:0db8:0000:0000:0000:0000:0000:0021 9C40 C0000264 0050 C0000215 0050 ESTABLISHED 1",
	} {
		if c, _, err := connsync.ParseLine([]byte(bad)); err == nil {
			t.Errorf("%q is %+v", bad, c)
		}
	}
}

// TestMessage writes down the bytes of a message, field by field.
func TestMessage(t *testing.T) {
	p := connsync.NewPacker(11, 1472)
	p.Add(&call)
	p.Add(&web)
	got := hex.EncodeToString(p.Take())
	want := strings.Join([]string{
		"00", "0b", "0068", "02", "01", "0000", // reserved, syncid, size, count, version, spare
		"00", "11", "003e", "00001000", "0000", "0000", "13c4", "13c4", "00000000", "0000003c", "c0000232", "c0000264", "c0000215",
		"02", "13", hex.EncodeToString([]byte("a84b4c76e66710@pc33")), "03", "03", hex.EncodeToString([]byte("sip")),
		"0000", // up to the next multiple of four
		"00", "06", "0024", "00000000", "0001", "9c40", "0050", "0050", "00000000", "00000382", "c0000232", "c0000264", "c0000215",
	}, "")
	if want = strings.Replace(want, "0068", "006c", 1); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	if p.Take() != nil {
		t.Error("a message without connections")
	}
}

func TestPackAndParse(t *testing.T) {
	sent := []connsync.Conn{web, dns, call, marked, dns, web}
	p := connsync.NewPacker(3, 1472)
	for i := range sent {
		if !p.Add(&sent[i]) {
			t.Fatal("full")
		}
	}
	h, got, err := connsync.Parse(p.Take(), nil)
	if err != nil || h.Version != 1 || h.SyncID != 3 || int(h.Count) != len(sent) || !reflect.DeepEqual(got, sent) {
		t.Errorf("header %+v, error %v\n got %+v\nwant %+v", h, err, got, sent)
	}
}

// TestPackerFills: no message is longer than asked, and none could have held the next connection.
func TestPackerFills(t *testing.T) {
	const maxlen = 1472
	p := connsync.NewPacker(1, maxlen)
	for n := range 200 {
		c := &web
		if n%3 == 0 {
			c = &dns
		}
		if p.Add(c) {
			continue
		}
		msg := p.Take()
		if len(msg) > maxlen || len(msg)+72 <= maxlen {
			t.Errorf("a message of %d bytes", len(msg))
		}
		if !p.Add(c) {
			t.Fatal("full when it is empty")
		}
	}
	p = connsync.NewPacker(1, 65000)
	n := 0
	for p.Add(&web) {
		n++
	}
	if n != 255 {
		t.Errorf("%d connections in one message; its header counts to 255", n)
	}
	if small := connsync.NewPacker(1, 10); !small.Add(&dns) || small.Add(&dns) {
		t.Error("what is too long for any message goes alone")
	}
}

func TestHeader(t *testing.T) {
	for _, c := range []struct {
		hex  string
		size int
		want connsync.Header
		ok   bool
	}{
		{"000b002c01010000", 44, connsync.Header{Version: 1, SyncID: 11, Size: 44, Count: 1}, true},
		{"0207003400000000", 52, connsync.Header{SyncID: 7, Size: 52, Count: 2}, true},
		{"00070004", 4, connsync.Header{SyncID: 7, Size: 4}, true},
		{"000b002c01010000", 45, connsync.Header{}, false}, // another length
		{"000b002c02010000", 44, connsync.Header{}, false}, // two do not fit
		{"0307003400000000", 52, connsync.Header{}, false}, // nor three of version 0
		{"000b00", 3, connsync.Header{}, false},
	} {
		b, _ := hex.DecodeString(c.hex)
		if got, err := connsync.ParseHeader(b, c.size); (err == nil) != c.ok || got != c.want {
			t.Errorf("%s of %d: %+v, %v", c.hex, c.size, got, err)
		}
	}
}

// TestOptions reads what the kernel sends and lbsync does not: sequence numbers, and options for later.
func TestOptions(t *testing.T) {
	seq := "0118" + "000000010000000200000003" + "000000040000000500000006"
	for _, c := range []struct {
		options string
		ok      bool
	}{
		{seq, true}, {seq + "4501ff", true}, {"", true},
		{seq + seq, false}, {"0501ff", false}, {"0118", false}, {"0200", false}, {"01", false}, {"0117" + seq[4:50], false}, {"0311" + strings.Repeat("61", 17), false},
	} {
		opt, _ := hex.DecodeString(c.options)
		record, _ := hex.DecodeString("00060000000006000001" + "9c4000500050" + "0000000000000382" + "c0000232c0000264c0000215")
		record[3] = byte(36 + len(opt))
		msg := append([]byte{0, 11, 0, byte(8 + 36 + len(opt)), 1, 1, 0, 0}, append(record, opt...)...)
		_, got, err := connsync.Parse(msg, nil)
		if (err == nil) != c.ok {
			t.Errorf("options %s: error %v", c.options, err)
		}
		if c.ok && len(opt) > 0 && (got[0].In != connsync.Sequence{1, 2, 3} || got[0].Out != connsync.Sequence{4, 5, 6}) {
			t.Errorf("options %s: %+v", c.options, got[0])
		}
	}
}

// FuzzParse: no message makes it panic, and what it reads can be packed and read again.
func FuzzParse(f *testing.F) {
	p := connsync.NewPacker(3, 1472)
	for _, c := range []connsync.Conn{web, dns, call, marked} {
		p.Add(&c)
		f.Add(append([]byte(nil), p.Take()...))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		_, conns, err := connsync.Parse(b, nil)
		if err != nil {
			return
		}
		for _, c := range conns {
			if c.Engine == "" || len(c.EngineData) == 0 {
				c.Engine, c.EngineData = "", nil
			}
			c.In, c.Out = connsync.Sequence{}, connsync.Sequence{}
			p.Add(&c)
			if _, again, err := connsync.Parse(p.Take(), nil); err != nil || !reflect.DeepEqual(again[0], c) {
				t.Errorf("%+v\nbecame %+v, %v", c, again, err)
			}
		}
	})
}

// FuzzParseLine: no line makes it panic, and a synchronised one can be sent.
func FuzzParseLine(f *testing.F) {
	for _, l := range lines {
		f.Add([]byte(l.line))
	}
	f.Fuzz(func(t *testing.T, line []byte) {
		c, synced, err := connsync.ParseLine(line)
		if err != nil || !synced {
			return
		}
		p := connsync.NewPacker(3, 1472)
		p.Add(&c)
		if _, got, err := connsync.Parse(p.Take(), nil); err != nil || !reflect.DeepEqual(got[0], c) {
			t.Errorf("%q\nis %+v\nsent as %+v, %v", line, c, got, err)
		}
	})
}

func numbered(n int) *connsync.Conn {
	c := web
	c.Client = netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)}), 1024)
	return &c
}

// TestKnown: samples of different density are comparable, and the share they give is that of the tables.
func TestKnown(t *testing.T) {
	const total, missing = 100_000, 10 // per cent
	var master, backup connsync.Sample
	for n := range total {
		master.Add(numbered(n))
		if n%100 >= missing {
			backup.Add(numbered(n))
		}
	}
	for n := range 30_000 { // connections of elsewhere make the backup's sample thinner
		backup.Add(proto2(numbered(n)))
	}
	if master.Total != total || len(master.Hashes) > connsync.MaxSample || len(master.Hashes) < connsync.MaxSample/4 || backup.Bits < master.Bits {
		t.Errorf("%d in all, %d taken, %d and %d bits", master.Total, len(master.Hashes), master.Bits, backup.Bits)
	}
	sampled, known := connsync.Known(master, backup)
	if share := float64(known) / float64(sampled); sampled < 500 || share < 0.87 || share > 0.93 {
		t.Errorf("%d known of %d", known, sampled)
	}
	if sampled, known := connsync.Known(master, connsync.Sample{}); known != 0 || sampled != len(master.Hashes) {
		t.Errorf("an empty backup knows %d of %d", known, sampled)
	}
}

func proto2(c *connsync.Conn) *connsync.Conn {
	c.Proto = connsync.UDP
	return c
}

// TestHashStays: the values were computed apart from this code. Directors of different releases compare hashes.
func TestHashStays(t *testing.T) {
	if web.Hash() != 0x78338da3c578c5b1 || dns.Hash() != 0xc4f7f0d85d30ce2f {
		t.Errorf("%#x and %#x", web.Hash(), dns.Hash())
	}
	moved := web
	moved.Real = ap("192.0.2.22:80")
	if later := with(web, 4, connsync.FlagInactive, 5); later.Hash() != web.Hash() || moved.Hash() == web.Hash() {
		t.Error("a connection is its protocol and its three addresses, and not its state")
	}
}

func BenchmarkParseLine(b *testing.B) {
	line := []byte(lines[0].line)
	b.ReportAllocs()
	for b.Loop() {
		c, _, _ := connsync.ParseLine(line)
		_ = c.Hash()
	}
}
