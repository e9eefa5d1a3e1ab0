package syncing

import (
	"context"
	"time"
)

// What a resync sends: 1,000 messages a second, that is some 40,000 connections of IPv4, in batches that a backup's socket buffer holds
// several times over. A message of 1,472 bytes takes about 2.3 KB of the buffer, whose default (net.core.rmem_default) is 208 KB.
const (
	batch    = 10
	interval = 10 * time.Millisecond
)

// paced calls send with each message, a batch at each tick. Ticks that came while it was busy do not add up.
func paced(ctx context.Context, messages [][]byte, send func([]byte) error) error {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for i, m := range messages {
		if i > 0 && i%batch == 0 {
			select {
			case <-ticker.C:
			case <-ctx.Done():
			}
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := send(m); err != nil {
			return err
		}
	}
	return nil
}
