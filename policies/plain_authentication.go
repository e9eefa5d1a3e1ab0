package policies

import (
	"fmt"

	"github.com/lbsync/lbsync/spec"
)

// plainAuthentication advises against the password of VRRP version 2: it stands in each packet as it is, so that it keeps nobody out who
// can hear them, and RFC 3768 took it out for that.
type plainAuthentication struct{}

func (plainAuthentication) Name() string      { return "plain-authentication" }
func (plainAuthentication) Level() spec.Level { return spec.Advise }
func (plainAuthentication) Meaning() string {
	return "A vrrp_instance has no password unless a router that it works with wants one: each packet shows it to the whole segment."
}

func (plainAuthentication) Check(in *Input) []Finding {
	var out []Finding
	for _, c := range in.Fleet.Clusters {
		for _, inst := range c.Instances {
			if inst.Def.AuthSecret != "" {
				out = append(out, found(inst.Place.Pos(inst.Def.At), fmt.Sprintf("vrrp_instance %q sends its password in clear text", inst.Def.Name),
					"Whoever hears one packet of virtual router %d can take its addresses. Where all members run lbsync, remove the authentication block and write version = 3, in both of which the members have to agree; unicast = true keeps packets from the rest of the segment.", inst.Def.VirtualRouterID))
			}
		}
	}
	return out
}
