package kernel

import "github.com/lbsync/lbsync/spec"

// AddRoutes adds virtual routes, tagged ProtoVRRP. Errors are in the order of rows; unix.EEXIST: there is one to the same destination with
// the same metric in the table.
func (l *Links) AddRoutes(rows spec.Rows[spec.RouteKey, spec.Route]) []error {
	return make([]error, len(rows))
}

// DelRoutes removes virtual routes, only those tagged as ours. unix.ESRCH: it was not there.
func (l *Links) DelRoutes(rows spec.Rows[spec.RouteKey, spec.Route]) []error {
	return make([]error, len(rows))
}

// Routes lists those tagged as ours, of all tables. Their keys have no instance: the kernel does not keep one.
func (l *Links) Routes() (spec.Rows[spec.RouteKey, spec.Route], error) { return nil, nil }
