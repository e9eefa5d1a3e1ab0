package health

import (
	"math"
	"time"
)

// throng bounds how fast probes begin: at twice the mean rate, so that what piled up in a stall does not go out at once.
type throng struct {
	rate  int64 // mean number of probes in 10^6 s: exact, so that adding and taking away leaves nothing
	may   float64
	asked instant
}

const (
	rateUnit   = 1_000_000
	fewAtOnce  = 32 // probes that no host and no network minds
	overMean   = 2
	burstTicks = 2
)

func rateOf(every time.Duration) int64 { return rateUnit * int64(time.Second) / int64(every) }

// refill is told the time.
func (t *throng) refill(now instant) {
	perSecond := overMean * float64(t.rate) / rateUnit
	if t.asked != 0 {
		t.may += perSecond * now.sub(t.asked).Seconds()
	}
	t.asked = now
	t.may = math.Min(t.may, math.Max(fewAtOnce, perSecond*(burstTicks*tick).Seconds()))
}
