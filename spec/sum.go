package spec

import "hash/maphash"

// sum identifies bytes within one Loader. It is a key of a cache in memory and never leaves the process, so it need not be the same
// in two of them: a hash under two secret random seeds is many times cheaper than SHA-256 where the processor has no instructions
// for that one, and whoever writes a fleet cannot look for two texts with the same 128 bits without knowing the seeds.
type sum [2]uint64

// seeds are the secret of a Loader's sums.
type seeds [2]maphash.Seed

func newSeeds() seeds { return seeds{maphash.MakeSeed(), maphash.MakeSeed()} }

func (s seeds) sum(b []byte) sum { return sum{maphash.Bytes(s[0], b), maphash.Bytes(s[1], b)} }

// summer sums up what is written to it.
type summer [2]maphash.Hash

func (s seeds) begin(h *summer) {
	h[0].SetSeed(s[0])
	h[1].SetSeed(s[1])
}

func (h *summer) Write(b []byte) (int, error) {
	_, _ = h[0].Write(b)
	return h[1].Write(b)
}

func (h *summer) sum() sum { return sum{h[0].Sum64(), h[1].Sum64()} }
