package spec

import "time"

// HealthStatus is what the checks of a director come to. Real servers and services that are simply in are left out.
type HealthStatus struct {
	CheckCounts
	Checked  int             `json:"checked_real_servers"`   // that have checks, over all services
	Servers  []ServerHealth  `json:"real_servers,omitempty"` // by key
	Services []ServiceHealth `json:"services,omitempty"`     // by key
	Brake    *BrakeStatus    `json:"brake,omitempty"`        // of all checks; nil while it is off
	Drains   []Drain         `json:"drains,omitempty"`       // by key
}

// ServerHealth is a real server that its checks have taken out, or that has not all of its weight.
type ServerHealth struct {
	Key    DestKey   `json:"real_server"`
	State  string    `json:"state"` // out, rising, held (its checks fail, and are not believed), weighed (a check asks for another weight) or unjudged (nothing is known yet)
	Since  time.Time `json:"since"`
	Why    string    `json:"why,omitempty"`
	Weight int32     `json:"weight"`         // that it has; 0 where it is out
	Until  time.Time `json:"until,omitzero"` // when a rising one has all of its weight
	Pos    Pos       `json:"pos,omitzero"`   // where it is declared
}

// ServiceHealth is a service that lost its quorum, or whose brake is on.
type ServiceHealth struct {
	Key    ServiceKey   `json:"service"`
	Lost   bool         `json:"quorum_lost"`
	Weight int64        `json:"live_weight"` // of the real servers that are in, as configured
	Quorum uint32       `json:"quorum"`
	Sorry  *DestKey     `json:"sorry_server,omitempty"` // that stands in
	Brake  *BrakeStatus `json:"brake,omitempty"`
	Pos    Pos          `json:"pos,omitzero"` // where it is declared
}

// BrakeStatus is a brake that is on.
type BrakeStatus struct {
	Down  int       `json:"down"` // checks, or real servers, that fail
	Of    int       `json:"of"`
	Limit uint32    `json:"limit"` // percent
	Since time.Time `json:"since"`
}

// Checks are all checks of a director, as `lbsync get checks` shows them.
type Checks struct {
	Version int           `json:"version"` // DocumentVersion
	Taken   time.Time     `json:"taken"`
	Checks  []CheckStatus `json:"checks"` // by kind and address
}
