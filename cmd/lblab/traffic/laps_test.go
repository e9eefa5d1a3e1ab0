package traffic

import (
	"testing"
	"testing/synctest"
	"time"
)

func TestLapWaitsForEveryConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var l Laps
		begin := time.Now()
		time.Sleep(2 * time.Second)
		l.answered(1, begin) // waited for two seconds
		lap := make(chan time.Duration, 2)
		go func() {
			for range 2 {
				d, err := l.Longest(t.Context(), 2)
				if err != nil {
					t.Error(err)
				}
				lap <- d
			}
		}()
		synctest.Wait()
		still := time.Now()
		l.answered(1, still)
		l.answered(1, still)
		l.answered(2, begin) // an answer to what was sent before the lap says nothing of the time after it
		synctest.Wait()
		if len(lap) > 0 {
			t.Error("the lap ended while connection 2 waits")
		}
		time.Sleep(3 * time.Second)
		l.answered(2, still)
		if d := <-lap; d != 3*time.Second {
			t.Errorf("longest wait is %s, want 3s", d)
		}
		synctest.Wait()
		l.answered(1, time.Now())
		l.answered(2, time.Now())
		if d := <-lap; d != 0 {
			t.Errorf("longest wait of the second lap is %s, want 0s", d)
		}
	})
}
