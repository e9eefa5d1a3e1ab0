package spec

import "time"

// Override is a typed exception to what git says, made on the spot by an operator. It ends by itself.
type Override struct {
	Director string    `json:"director"` // where it was made; it holds on every director of the cluster
	Key      DestKey   `json:"real_server"`
	Weight   int32     `json:"weight"`
	Actor    Actor     `json:"actor"`
	Reason   string    `json:"reason"`
	At       time.Time `json:"at"`
	Until    time.Time `json:"until"`
}
