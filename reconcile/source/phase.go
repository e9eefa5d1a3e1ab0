package source

import (
	"crypto/sha256"
	"encoding/binary"
	"time"
)

// Phase is the part of the interval, from 0 up to but without interval itself, at which host polls: always the same for one host, spread evenly
// over many, so that a fleet does not ask the git server in one second. The interval must be above 0.
func Phase(host string, interval time.Duration) time.Duration {
	sum := sha256.Sum256([]byte(host))
	return time.Duration(binary.BigEndian.Uint64(sum[:8]) % uint64(interval))
}
