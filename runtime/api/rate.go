package api

import (
	"sync"
	"time"
)

// rates are token buckets by a key, such as an address: each fills by perSecond tokens and holds burst.
type rates[K comparable] struct {
	perSecond, burst float64

	mu      sync.Mutex
	buckets map[K]bucket
}

type bucket struct {
	tokens float64
	at     time.Time
}

// maxBuckets bounds the table. When it is full those are forgotten that are full again; while none is, newcomers are refused.
const maxBuckets = 4096

func newRates[K comparable](perSecond, burst float64) *rates[K] {
	return &rates[K]{perSecond: perSecond, burst: burst, buckets: map[K]bucket{}}
}

// allow takes a token.
func (r *rates[K]) allow(key K, now time.Time) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	b, ok := r.buckets[key]
	if !ok {
		if len(r.buckets) >= maxBuckets && !r.forget(now) {
			return false
		}
		b = bucket{r.burst, now}
	}
	b = bucket{r.filled(b, now), now}
	if b.tokens < 1 {
		r.buckets[key] = b
		return false
	}
	b.tokens--
	r.buckets[key] = b
	return true
}

func (r *rates[K]) filled(b bucket, now time.Time) float64 {
	return min(r.burst, b.tokens+max(0, now.Sub(b.at).Seconds())*r.perSecond)
}

func (r *rates[K]) forget(now time.Time) bool {
	for k, b := range r.buckets {
		if r.filled(b, now) >= r.burst {
			delete(r.buckets, k)
		}
	}
	return len(r.buckets) < maxBuckets
}
