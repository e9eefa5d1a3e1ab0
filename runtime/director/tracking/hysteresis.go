package tracking

// hysteresis turns the results of a tracker into its verdict. While there is none, it counts as good, as it does for the engine: an
// instance does not wait for its trackers.
type hysteresis struct {
	rise, fall uint32 // results in a row that turn it; 0 is as 1
	against    uint32 // results in a row that speak against the verdict
	bad, known bool
}

// take says whether a result made a verdict that is another than the one before, or the first.
func (h *hysteresis) take(ok bool) (turned bool) {
	if ok != h.bad {
		h.against = 0
		turned = !h.known && ok
		h.known = h.known || ok
		return turned
	}
	h.against++
	if limit := map[bool]uint32{true: h.rise, false: h.fall}[ok]; h.against < limit {
		return false
	}
	h.bad, h.known, h.against = !ok, true, 0
	return true
}
