package source

import (
	"fmt"
	"testing"
	"time"
)

func TestPhase(t *testing.T) {
	const interval = time.Minute
	var quarter [4]int
	for n := range 400 {
		host := fmt.Sprintf("lb%d.example.net", n)
		p := Phase(host, interval)
		if p < 0 || p >= interval || p != Phase(host, interval) {
			t.Fatalf("phase of %s is %v", host, p)
		}
		quarter[p/(interval/4)]++
	}
	for _, n := range quarter {
		if n < 70 || n > 130 {
			t.Fatalf("400 hosts by quarter of the interval: %v", quarter)
		}
	}
	if Phase("lb1", interval) == Phase("lb2", interval) {
		t.Fatal("two hosts of one phase")
	}
}
