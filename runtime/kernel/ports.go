package kernel

import (
	"errors"
	"fmt"

	"github.com/lbsync/lbsync/spec"
)

// Ports are the interfaces of the network namespace of the calling thread, with the addresses that are not ours. Before Linux 5.18 the
// kernel does not keep whose an address is, and those that the engine put there are among them.
func Ports() (map[string]spec.PortFact, error) {
	l, err := OpenLinks()
	if err != nil {
		return nil, fmt.Errorf("list ports: %w", err)
	}
	out, err := l.ports()
	if err = errors.Join(err, l.Close()); err != nil {
		return nil, fmt.Errorf("list ports: %w", err)
	}
	return out, nil
}

func (l *Links) ports() (map[string]spec.PortFact, error) {
	links, err := l.All()
	if err != nil {
		return nil, err
	}
	addresses, err := l.Addresses(0)
	if err != nil {
		return nil, err
	}
	byIndex := make(map[int]*spec.PortFact, len(links))
	for _, link := range links {
		byIndex[link.Index] = &spec.PortFact{Up: link.Up}
	}
	for _, a := range addresses {
		if p := byIndex[a.IfIndex]; p != nil && a.Proto != ProtoVRRP {
			p.Prefixes = append(p.Prefixes, a.Prefix)
		}
	}
	out := make(map[string]spec.PortFact, len(links))
	for _, link := range links {
		out[link.Name] = *byIndex[link.Index]
	}
	return out, nil
}
