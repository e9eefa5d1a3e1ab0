package traffic

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"
)

func pool(t *testing.T, to net.Addr) *Pool {
	t.Helper()
	p := &Pool{Patience: 5 * time.Second, Dial: func(ctx context.Context) (net.Conn, error) {
		return (&net.Dialer{KeepAlive: -1}).DialContext(ctx, "tcp", to.String())
	}}
	t.Cleanup(p.Close)
	return p
}

func TestPoolCountsByGroup(t *testing.T) {
	l := listen(t)
	serving, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- Echo(serving, l, "rs1") }()
	p := pool(t, l.Addr())
	early, late := Group{Idle, false}, Group{Young, true}
	p.OpenMany(t.Context(), map[Group]int{early: 100, late: 30})
	got := p.Try()
	if loss, refusal := p.First(); got[early] != (Count{Opened: 100}) || got[late] != (Count{Opened: 30}) || loss != nil || refusal != nil {
		t.Errorf("with the server there: %v, first loss %v, first refusal %v", got, loss, refusal)
	}
	end := netip.MustParseAddrPort(p.members()[0].conn.LocalAddr().String())
	if n := p.Among(map[netip.AddrPort]bool{end: true}); n[early]+n[late] != 1 {
		t.Errorf("among one end of its own: %v", n)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	active := Group{Active, true}
	p.Open(t.Context(), active) // nobody listens any more
	got = p.Try()
	for tries := 0; got[early].Lost+got[late].Lost < 130 && tries < 1000; tries++ {
		got = p.Try() // the server closes one after another
	}
	if loss, refusal := p.First(); got[early] != (Count{Opened: 100, Lost: 100}) || got[late] != (Count{Opened: 30, Lost: 30}) || got[active] != (Count{Refused: 1}) || loss == nil || refusal == nil {
		t.Errorf("with the server gone: %v, first loss %v, first refusal %v", got, loss, refusal)
	}
	if again := p.Try(); again[early].Lost != 100 {
		t.Errorf("a loss is forgotten: %v", again)
	}
}

// Only the active ones say something meanwhile: a silent one that spoke would be passed on by its third packet.
func TestOnlyActiveOnesTalk(t *testing.T) {
	l := listen(t)
	go func() { _ = Echo(t.Context(), l, "rs1") }()
	p := pool(t, l.Addr())
	p.OpenMany(t.Context(), map[Group]int{{Active, false}: 1, {Idle, false}: 1, {Young, false}: 1})
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan bool)
	go func() { p.Talk(ctx, time.Millisecond); close(done) }()
	lines := func(of Class) int {
		for _, c := range p.members() {
			if c.group.Class == of {
				c.turn.Lock()
				defer c.turn.Unlock()
				return c.lines
			}
		}
		return -1
	}
	for lines(Active) < 3 {
		if !wait(t.Context(), time.Millisecond) {
			break
		}
	}
	stop()
	<-done
	if lines(Active) < 3 || lines(Idle) != 1 || lines(Young) != 0 {
		t.Errorf("lines said: active %d, idle %d, young %d; want 3 or more, 1, 0", lines(Active), lines(Idle), lines(Young))
	}
}
