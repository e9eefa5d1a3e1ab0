package main

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/lbsync/lbsync/runtime/director"
	"github.com/lbsync/lbsync/runtime/director/syncing"
	"github.com/lbsync/lbsync/runtime/kernel"
	"github.com/lbsync/lbsync/spec"
)

// connSync is connection sync from user space: agent.Sync.
type connSync struct {
	*syncing.Table
	*syncing.Listener
}

func newConnSync(hand *director.Director, ours func() func(netip.Addr) bool, now func() time.Time) connSync {
	var here kernel.SyncNet
	return connSync{
		syncing.New(syncing.Config{
			Connections: here.Connections, Release: here.Release, Stats: hand.Stats, Ours: ours, Now: now,
			Sender: func(d spec.Daemon) (syncing.Sender, error) {
				s, err := here.Sender(d)
				if err != nil {
					return nil, err // a nil *kernel.SyncSender must not become a Sender that is not nil
				}
				return s, nil
			},
			State: func(ctx context.Context) (spec.State, error) { return hand.Observe(ctx, director.Fast) },
		}),
		syncing.NewListener(func(d spec.Daemon) (syncing.Socket, error) {
			l, err := here.Listener(d)
			if err != nil {
				return nil, err // as above
			}
			return l, nil
		}, now),
	}
}

// mastered knows which virtual addresses this director directs now. Those of a cluster without instances are always its own.
type mastered struct {
	roles func() map[string]spec.Role

	mu sync.Mutex
	by map[netip.Addr]string // instance of a virtual address
}

func (m *mastered) see(v spec.View) {
	by := map[netip.Addr]string{}
	for i := range v.Clusters {
		for _, in := range v.Clusters[i].Instances {
			for _, a := range in.Def.Addresses {
				by[a.Prefix.Addr()] = in.Def.Name
			}
		}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.by = by
}

func (m *mastered) ours() func(netip.Addr) bool {
	m.mu.Lock()
	by := m.by // it is replaced, not altered
	m.mu.Unlock()
	roles := m.roles()
	return func(virtual netip.Addr) bool {
		instance, is := by[virtual]
		return !is || roles[instance] == spec.RoleMaster
	}
}
