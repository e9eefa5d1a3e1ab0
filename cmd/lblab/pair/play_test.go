package pair

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/sync/errgroup"
)

// play does a scenario, step by step: "start a", "start ab" (both at once), "stop a", "kill a", "reload a" (SIGHUP), "handover a",
// "unplug a", "plug a", "strip a" (a hand removes the address), "part a" (the network is split), "join a"; "a owns" waits until a is the settled owner, the address is on it and on nobody else who lives; "a keeps" waits until a
// has advertised alone for longer than anybody would wait before taking over; "ab own" waits until both do, as in a split network, "ab hold"
// until both have the address and keep it though a advertises.
func (m *match) play(scenario string) error {
	for step := range strings.SplitSeq(scenario, ",") {
		if err := m.step(strings.Fields(step)); err != nil {
			return m.explain(fmt.Errorf("%s of %q: %w", strings.TrimSpace(step), scenario, err))
		}
	}
	return nil
}

func (m *match) step(words []string) error {
	if len(words[0]) == 1 {
		return m.expect(int(words[0][0]-'a'), words[1])
	}
	switch words[1] {
	case "own":
		return m.bothOwn()
	case "hold":
		err := m.bothHold()
		m.judged = len(m.wire.Frames())
		return err
	}
	if words[1] == "ab" {
		var both errgroup.Group
		both.Go(func() error { return m.start(0) })
		both.Go(func() error { return m.start(1) })
		return both.Wait()
	}
	place := int(words[1][0] - 'a')
	speaker, node := m.speakers[place], m.segment.Nodes[place]
	switch words[0] {
	case "start":
		m.killed[place] = false
		return m.start(place)
	case "stop":
		return speaker.Stop()
	case "kill":
		m.killed[place] = true
		_, err := speaker.Kill()
		return err
	case "reload":
		return speaker.(*Lbsync).Reload()
	case "handover":
		return m.handover(speaker.(*Lbsync))
	case "unplug", "plug":
		return node.Link(0, words[0] == "plug")
	case "part":
		return m.segment.Part(place, 0)
	case "join":
		err := m.segment.Join(place, 0) // may wait long for the kernel's lock of all links
		m.judged = len(m.wire.Frames())
		return err
	case "strip":
		return node.Remove(0, m.setup.Virtual(0))
	}
	panic("no such step: " + words[0])
}

func (m *match) handover(e *Lbsync) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	client, err := e.Client(ctx)
	if err != nil {
		return err
	}
	return client.Handover(ctx, m.setup.Part(0).Instances[0].Key)
}

func (m *match) expect(place int, verb string) error {
	switch verb {
	case "owns":
		return m.until(func() (bool, error) { return m.owns(place) })
	case "keeps":
		if err := m.advertisesOn(place); err != nil {
			return err
		}
		if now := Owner(m.wire.Frames(), m.setup.RouterID); now != place {
			return fmt.Errorf("the owner is %s", m.nameOf(now))
		}
		return m.until(func() (bool, error) { return m.owns(place) })
	}
	panic("no such expectation: " + verb)
}

// bothOwn waits until each of two has sent many adverts after the other began.
func (m *match) bothOwn() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return m.wire.Until(ctx, func(frames []Frame) bool {
		n, last := 0, -1
		for _, f := range frames {
			if f.Kind == Advert && f.Place != last {
				n, last = n+1, f.Place
			}
		}
		return n > 20
	})
}

// bothHold is how it ends when one does not understand the other.
func (m *match) bothHold() error {
	both := func() (bool, error) {
		a, err1 := m.held(m.segment.Nodes[0])
		b, err2 := m.held(m.segment.Nodes[1])
		return a > 0 && b > 0, errors.Join(err1, err2)
	}
	if err := m.until(both); err != nil {
		return err
	}
	for range 4 {
		if err := m.advertisesOn(0); err != nil {
			return err
		}
	}
	if still, err := both(); err != nil || !still {
		return errors.Join(err, errors.New("one gave way"))
	}
	return nil
}

func (m *match) nameOf(place int) string {
	if place < 0 {
		return "nobody"
	}
	return m.segment.Nodes[place].Name
}

// owns is true when the node is the settled owner, and the addresses are there and on nobody else who lives.
func (m *match) owns(place int) (bool, error) {
	if Owner(m.wire.Frames(), m.setup.RouterID) != place {
		return false, nil
	}
	for at, node := range m.segment.Nodes {
		held, err := m.held(node)
		if err != nil {
			return false, err
		}
		if at == place && held < m.setup.Addresses || at != place && held > 0 && !m.killed[at] {
			return false, nil
		}
	}
	return true, nil
}

// held is how many of the virtual addresses are on the node.
func (m *match) held(n *Node) (int, error) {
	held := 0
	for i := range m.setup.Addresses {
		yes, err := n.Holds(m.setup.Virtual(i).Addr())
		if err != nil {
			return 0, err
		}
		if yes {
			held++
		}
	}
	return held, nil
}

// advertisesOn waits for five more adverts: Active_Down_Interval is below four intervals.
func (m *match) advertisesOn(place int) error {
	before := len(m.wire.Frames())
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return m.wire.Until(ctx, func(frames []Frame) bool {
		sent := 0
		for _, f := range frames[before:] {
			if f.Kind == Advert && f.Priority > 0 && f.Place == place {
				sent++
			}
		}
		return sent >= 5
	})
}

// start starts a speaker and waits until it hears the others.
func (m *match) start(place int) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := m.speakers[place].Start(ctx); err != nil {
		return err
	}
	return m.until(func() (bool, error) { return m.segment.Nodes[place].Listens(m.setup.Family) })
}

func (m *match) until(look func() (bool, error)) error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	return Poll(ctx, look)
}
