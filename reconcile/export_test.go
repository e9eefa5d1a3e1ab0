package reconcile

import "flag"

// Update makes golden tests write what they got.
var Update = flag.Bool("update", false, "write golden files")
