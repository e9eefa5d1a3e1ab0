package spec

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/lbsync/lbsync/spec/internal/schema"
)

// Cluster is the block `cluster "NAME"`: the directors that share addresses and connection sync.
type Cluster struct {
	Name           string
	Directors      []string
	DirectorsAt    Mark
	Sync           *ConnectionSync // nil: connections are not synchronised
	Timeouts       []Timeout       // IPVS connection timeouts that are held
	Instances      []Placed[VRRPInstance]
	SyncGroups     []VRRPSyncGroup
	Rollout        Rollout
	Confirm        Confirm
	Drift          DriftRules
	Budget         Budget
	Brake          Brake
	Freezes        []Freeze
	Notify         []Notify // of what becomes of commits
	VirtualServers []Placed[VirtualServer]
	Place          Place
	At             Mark
}

// Has says whether a director belongs to the cluster.
func (c *Cluster) Has(director string) bool { return slices.Contains(c.Directors, director) }

// Timeout is one attribute of the block `ipvs_timeouts`.
type Timeout struct {
	Key   TimeoutKey
	Value time.Duration // whole seconds, 1 s to 86400 s
	At    Mark
}

var ipvsTimeoutsBlock = schema.New(schema.Block[[]Timeout]{
	Name:       "ipvs_timeouts",
	Doc:        "Timeouts of idle connections. One that is not written is left as the kernel has it.",
	Keepalived: "lvs_timeouts",
	Attrs: []schema.Field[[]Timeout]{
		timeoutField(TimeoutTCP, "Of an established TCP connection"),
		timeoutField(TimeoutTCPFin, "Of a TCP connection after its first FIN"),
		timeoutField(TimeoutUDP, "Of a UDP flow"),
	},
})

// timeoutField bounds a timeout as ipvsadm does: the kernel's own bound is that of a multiplication overflow.
func timeoutField(key TimeoutKey, doc string) schema.Field[[]Timeout] {
	return schema.Field[[]Timeout]{
		Attr: schema.Attr{Name: string(key), Kind: schema.Duration, Min: second, Max: 86400 * second, Step: time.Second, Doc: doc},
		Set: func(t *[]Timeout, v schema.Value) {
			*t = append(*t, Timeout{Key: key, Value: v.Dur, At: Mark(v.At)})
		},
	}
}

// shell is a cluster without the virtual servers and instances that are read as blocks of their own.
type shell struct {
	Cluster
	instances []*VRRPInstance
	servers   []*VirtualServer
}

var clusterBlock = schema.New(schema.Block[shell]{
	Name:  "cluster",
	Doc:   "The directors that share addresses and connection sync, and what they serve.",
	Label: &schema.Field[shell]{Attr: schema.Attr{Name: "NAME", MaxLen: 64, Doc: "Name of the cluster"}, Set: func(s *shell, v schema.Value) { s.Name = v.Str }},
	Attrs: []schema.Field[shell]{
		{Attr: schema.Attr{Name: "directors", List: true, Required: true, Doc: "Names of its directors, two or more"}, Set: setDirectors},
	},
	Blocks: []schema.Nested[shell]{
		schema.One(connectionSyncBlock, func(_ *schema.Decoder, c *shell, s *ConnectionSync, _ *schema.Instance) { c.Sync = s }),
		schema.One(ipvsTimeoutsBlock, func(_ *schema.Decoder, c *shell, t *[]Timeout, _ *schema.Instance) { c.Timeouts = *t }),
		schema.One(rolloutBlock, func(_ *schema.Decoder, c *shell, r *Rollout, _ *schema.Instance) { c.Rollout = *r }),
		schema.One(confirmBlock, func(_ *schema.Decoder, c *shell, x *Confirm, _ *schema.Instance) { c.Confirm = *x }),
		schema.One(driftBlock, func(_ *schema.Decoder, c *shell, r *DriftRules, _ *schema.Instance) { c.Drift = *r }),
		schema.One(budgetBlock, func(_ *schema.Decoder, c *shell, b *Budget, _ *schema.Instance) { c.Budget = *b }),
		schema.One(brakeBlock, func(_ *schema.Decoder, c *shell, b *Brake, _ *schema.Instance) { c.Brake = *b }),
		schema.Many(freezeBlock, addFreeze),
		schema.Many(notifyBlock, addClusterNotify),
		schema.Many(vrrpInstanceBlock, func(_ *schema.Decoder, c *shell, i *VRRPInstance, _ *schema.Instance) {
			c.instances = append(c.instances, i)
		}),
		schema.Many(vrrpSyncGroupBlock, func(_ *schema.Decoder, c *shell, g *VRRPSyncGroup, _ *schema.Instance) {
			c.SyncGroups = append(c.SyncGroups, *g)
		}),
		schema.Many(virtualServerBlock, func(_ *schema.Decoder, c *shell, v *serverDraft, _ *schema.Instance) {
			c.servers = append(c.servers, v.final())
		}),
	},
	Check: checkCluster,
})

// addClusterNotify takes a notify of the cluster itself: no transition is the cluster's, so it is told of commits, drift and pools.
func addClusterNotify(d *schema.Decoder, s *shell, n *Notify, in *schema.Instance) {
	for _, on := range n.On {
		if !slices.Contains(NoticeWords, on) {
			d.Error(in.At("on"), "Not an event of a cluster", fmt.Sprintf("%q happens to an instance or a group: write the notify there. A cluster tells of %s.", on, strings.Join(NoticeWords, ", ")))
			return
		}
	}
	s.Notify = append(s.Notify, *n)
}

func setDirectors(s *shell, v schema.Value) {
	s.DirectorsAt = Mark(v.At)
	for _, e := range v.List {
		s.Directors = append(s.Directors, e.Str)
	}
}

// MaxDirectors is how many directors a cluster may have.
const MaxDirectors = 64

func checkCluster(d *schema.Decoder, in *schema.Instance, s *shell) {
	s.At = Mark(d.Mark(in.Header))
	s.completeRules()
	if len(s.Directors) > MaxDirectors {
		d.Error(in.At("directors"), "Too many directors", fmt.Sprintf("A cluster has at most %d directors: make several clusters.", MaxDirectors))
		return
	}
	for i, name := range s.Directors {
		if slices.Contains(s.Directors[:i], name) {
			d.Error(in.At("directors"), "Director listed twice", fmt.Sprintf("%q stands twice in directors: remove one.", name))
		}
	}
	if len(s.Directors) < 2 {
		d.Error(in.At("directors"), "Cluster of one", "A cluster has two directors or more, or nothing takes over when one fails: add the second.")
	}
}
