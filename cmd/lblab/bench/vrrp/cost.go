package vrrp

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/lbsync/lbsync/cmd/lblab/pair"
	"github.com/lbsync/lbsync/spec"
)

// Cost is what many instances take of a machine, sender and receiver apart.
type Cost struct {
	System    system        `json:"system"`
	Instances int           `json:"instances"`
	Interval  time.Duration `json:"interval_ns"`
	Lasted    time.Duration `json:"lasted_ns"`
	Adverts   uint64        `json:"adverts"` // that came out of the sender meanwhile
	Sending   time.Duration `json:"sending_cpu_ns"`
	Receiving time.Duration `json:"receiving_cpu_ns"`
	Sender    int64         `json:"sender_resident_bytes"`
	Receiver  int64         `json:"receiver_resident_bytes"`
}

// Share is the part of one core.
func (c Cost) Share(cpu time.Duration) float64 { return float64(cpu) / float64(c.Lasted) }

// cost lets one speaker advertise for many instances and the other hear them, on as many switches as they need.
func (p Programs) cost(ctx context.Context, of system, instances int, lasting time.Duration) (c Cost, err error) {
	setup := pair.Setup{Name: "many", RouterID: 1, Version: 3, Family: spec.IPv4, Interval: 100 * time.Millisecond, Priorities: []uint8{200, 100},
		Instances: instances, Addresses: 1}
	c = Cost{System: of, Instances: instances, Interval: setup.Interval}
	switches := (instances + pair.PerSwitch - 1) / pair.PerSwitch
	d, err := p.newDuo(of, setup, switches, setup.Part(0), setup.Part(1))
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, d.close()) }()
	if err := d.allRunning(ctx, switches); err != nil {
		return c, err
	}
	// The capture would take more time than what is measured.
	if err := d.wire.Close(); err != nil {
		return c, err
	}
	d.wire = nil
	return c, d.measureCost(ctx, &c, switches, lasting)
}

// allRunning starts both, and waits until the first sends at the full rate and the second hears it.
func (d *duo) allRunning(ctx context.Context, switches int) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	if err := d.start(ctx, 0); err != nil {
		return err
	}
	if err := d.fullRate(ctx, switches); err != nil {
		return err
	}
	if err := d.start(ctx, 1); err != nil {
		return err
	}
	return d.fullRate(ctx, switches)
}

// calmSeconds is longer than the delay of the second announcements, 5 s: they are not to be counted as the cost of advertising.
const calmSeconds = 7

// fullRate waits until for so many seconds nearly all instances advertised at their interval, and nothing else was sent.
func (d *duo) fullRate(ctx context.Context, switches int) error {
	want := float64(d.setup.Instances) * float64(time.Second) / float64(d.setup.Interval)
	for calm := 0; calm < calmSeconds; calm++ {
		begin := time.Now()
		before, err := d.sent(switches)
		if err == nil {
			err = pass(ctx, time.Second)
		}
		if err != nil {
			return fmt.Errorf("wait for %.0f adverts a second: %w: %s", want, err, d.speakers[0].Said())
		}
		after, err := d.sent(switches)
		if err != nil {
			return err
		}
		if rate := float64(after-before) / time.Since(begin).Seconds(); rate < 0.95*want || rate > 1.05*want {
			calm = -1
		}
	}
	return nil
}

// sent is how many packets came out of the first node.
func (d *duo) sent(switches int) (uint64, error) {
	var all uint64
	for i := range switches {
		n, err := d.segment.Received(0, i)
		if err != nil {
			return 0, err
		}
		all += n
	}
	return all, nil
}

func (d *duo) measureCost(ctx context.Context, c *Cost, switches int, lasting time.Duration) error {
	begin := time.Now()
	sent, err1 := d.sent(switches)
	sending, err2 := used(d.speakers[0])
	receiving, err3 := used(d.speakers[1])
	if err := errors.Join(err1, err2, err3, pass(ctx, lasting)); err != nil {
		return err
	}
	c.Lasted = time.Since(begin)
	sentAfter, err1 := d.sent(switches)
	sendingAfter, err2 := used(d.speakers[0])
	receivingAfter, err3 := used(d.speakers[1])
	c.Adverts, c.Sending, c.Receiving = sentAfter-sent, sendingAfter-sending, receivingAfter-receiving
	var err4, err5 error
	c.Sender, err4 = resident(d.speakers[0])
	c.Receiver, err5 = resident(d.speakers[1])
	return errors.Join(err1, err2, err3, err4, err5)
}

// used is the processor time of a speaker's processes, by the scheduler's own account (nanoseconds, not ticks).
func used(s speaker) (time.Duration, error) {
	var all time.Duration
	err := eachProcess(s, func(dir string) error {
		files, err := filepath.Glob(filepath.Join(dir, "task", "*", "schedstat"))
		if err != nil {
			return err
		}
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			first, _, _ := strings.Cut(string(text), " ")
			ns, err := strconv.ParseInt(first, 10, 64)
			if err != nil {
				return err
			}
			all += time.Duration(ns)
		}
		return nil
	})
	return all, err
}

// resident is the resident set of a speaker's processes together.
func resident(s speaker) (int64, error) {
	var all int64
	err := eachProcess(s, func(dir string) error {
		text, err := os.ReadFile(filepath.Join(dir, "status"))
		if err != nil {
			return err
		}
		_, after, _ := strings.Cut(string(text), "VmRSS:")
		words := strings.Fields(after)
		if len(words) == 0 {
			return fmt.Errorf("%s/status has no VmRSS", dir)
		}
		kilobytes, err := strconv.ParseInt(words[0], 10, 64)
		all += kilobytes << 10
		return err
	})
	return all, err
}

func eachProcess(s speaker, f func(dir string) error) error {
	pids, err := s.PIDs()
	if err != nil {
		return err
	}
	for _, pid := range pids {
		if err := f(fmt.Sprintf("/proc/%d", pid)); err != nil {
			return fmt.Errorf("look at process %d: %w", pid, err)
		}
	}
	return nil
}
