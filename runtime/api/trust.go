package api

import (
	"fmt"
	"slices"

	"github.com/lbsync/lbsync/spec"
)

// caller is who holds a key: a director, or an operator.
type caller struct {
	key                string
	director, operator string
	later              bool // a director of the wave after: it may ask for the report alone
	operates           bool
}

func (c caller) String() string {
	if c.director != "" {
		return "director " + c.director
	}
	return "operator " + c.operator
}

// Trusted are those whom the channel lets in: those of each view that counts. A director or operator may stand there several times,
// with the key of each view; where views differ on what somebody may do, it is the lesser.
type Trusted struct {
	Directors []spec.Director // of the own clusters, and this one itself, for the key that it presents
	Later     []spec.Director // of the wave after
	Operators []spec.Operator
}

// Trust replaces whom the channel lets in. Connections of keys that are not among them any more are closed.
func (c *Channel) Trust(t Trusted) {
	trusted := map[string]caller{}
	var own []string
	for _, d := range t.Later {
		if d.PublicKey != "" && d.Name != c.self {
			trusted[d.PublicKey] = caller{key: d.PublicKey, director: d.Name, later: true}
		}
	}
	for _, d := range t.Directors {
		switch {
		case d.PublicKey == "":
		case d.Name == c.self:
			own = append(own, d.PublicKey)
		default:
			trusted[d.PublicKey] = caller{key: d.PublicKey, director: d.Name}
		}
	}
	for _, o := range t.Operators {
		was, known := trusted[o.PublicKey]
		if known && was.director != "" {
			continue // what a director may is less
		}
		trusted[o.PublicKey] = caller{key: o.PublicKey, operator: o.Name, operates: o.Operates && (!known || was.operates)}
	}
	c.keys.Declare(own...)
	c.mu.Lock()
	c.remember(trusted)
	c.trusted = trusted
	c.mu.Unlock()
	c.closeIf(func(who caller) bool { return trusted[who.key] != who })
}

// maxFormer bounds how many keys are known that do not count any more.
const maxFormer = 256

// remember keeps whose the keys were that do not count any more: who comes with one of them can be named.
func (c *Channel) remember(trusted map[string]caller) {
	for key, who := range c.trusted {
		if _, still := trusted[key]; !still {
			c.former[key] = who.String()
		}
	}
	for key := range c.former {
		if _, again := trusted[key]; again || len(c.former) > maxFormer {
			delete(c.former, key)
		}
	}
}

// untrusted is why a key is refused.
func (c *Channel) untrusted(key string) refusal {
	if who, was := c.former[key]; was {
		return refusal{spec.RefusedOldKey, who, "the fleet no longer declares this key"}
	}
	return refusal{spec.RefusedUnknownKey, "", "the fleet declares this key for no director of its clusters and for no operator"}
}

// admit judges a key in the handshake.
func (c *Channel) admit(key string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, ok := c.trusted[key]; !ok {
		return c.untrusted(key)
	}
	return nil
}

// register counts a connection in, or says why it may not be. The trust may have changed since the handshake.
func (c *Channel) register(l *link, key string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	who, ok := c.trusted[key]
	of := 0
	for other := range c.links {
		if other.key == key {
			of++
		}
	}
	switch {
	case !ok:
		return c.untrusted(key)
	case of >= maxLinksKey:
		return refusal{spec.RefusedTooMany, who.String(), fmt.Sprintf("it has %d connections already", maxLinksKey)}
	case len(c.links) >= maxLinks:
		return refusal{spec.RefusedTooMany, who.String(), fmt.Sprintf("there are %d connections already", maxLinks)}
	}
	l.caller = who
	c.links[l] = struct{}{}
	return nil
}

func (c *Channel) unregister(l *link) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.links, l)
}

// closeIf closes the connections of some callers.
func (c *Channel) closeIf(which func(caller) bool) {
	c.mu.Lock()
	var gone []*link
	for l := range c.links {
		if which(l.caller) {
			gone = append(gone, l)
		}
	}
	c.mu.Unlock()
	for _, l := range slices.Clip(gone) {
		_ = l.Close() // it is gone either way
	}
}
