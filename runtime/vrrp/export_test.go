package vrrp

// What only tests ask for.

// Config is what the machine works by.
func (m *Machine) Config() Config { return m.config }

// Faulty says whether a tracker of this member is a fault.
func (m *Machine) Faulty() bool { return m.tally.Fault }

// Len is the number of members.
func (g *Group) Len() int { return len(g.members) }
