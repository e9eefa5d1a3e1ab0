package spec_test

import (
	"reflect"
	"testing"
	"testing/fstest"
	"time"

	"pgregory.net/rapid"

	"github.com/lbsync/lbsync/spec"
)

func utc(t *testing.T, s string) time.Time {
	t.Helper()
	out, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestFreezeActive(t *testing.T) {
	h := time.Hour
	nights := spec.Freeze{Days: []time.Weekday{time.Friday, time.Saturday}, From: 22 * h, To: 6 * h}
	berlin := func(from, to time.Duration, days ...time.Weekday) spec.Freeze {
		return spec.Freeze{Days: days, From: from, To: to, Zone: "Europe/Berlin"}
	}
	weekend := spec.Freeze{Days: []time.Weekday{time.Saturday, time.Sunday}, From: 0, To: 24 * h}
	for _, c := range []struct {
		name       string
		freeze     spec.Freeze
		now, until string // until "" is not frozen
	}{
		{"before", nights, "2026-07-03T21:59:59Z", ""}, // a Friday
		{"at its first moment", nights, "2026-07-03T22:00:00Z", "2026-07-04T06:00:00Z"},
		{"after midnight", nights, "2026-07-04T05:59:59Z", "2026-07-04T06:00:00Z"},
		{"at its end", nights, "2026-07-04T06:00:00Z", ""},
		{"the night that began on Thursday", nights, "2026-07-03T03:00:00Z", ""},
		{"the night that began on Saturday", nights, "2026-07-05T03:00:00Z", "2026-07-05T06:00:00Z"},
		{"within a day", spec.Freeze{From: 9 * h, To: 17 * h}, "2026-07-04T16:59:00Z", "2026-07-04T17:00:00Z"},
		{"days that touch are one", weekend, "2026-07-04T10:00:00Z", "2026-07-06T00:00:00Z"},
		{"the second of them", weekend, "2026-07-05T10:00:00Z", "2026-07-06T00:00:00Z"},
		{"after them", weekend, "2026-07-06T00:00:00Z", ""},
		{"another year", nights, "2027-01-01T23:00:00Z", "2027-01-02T06:00:00Z"},
		{"a zone, summer", berlin(22*h, 6*h), "2026-07-03T20:00:00Z", "2026-07-04T04:00:00Z"},
		{"a zone, winter", berlin(22*h, 6*h), "2026-01-03T20:00:00Z", ""},
		{"the day is that of the zone", berlin(0, 2*h, time.Saturday), "2026-07-03T22:30:00Z", "2026-07-04T00:00:00Z"},
		// 2026-03-29: 02:00 CET is 03:00 CEST, at 01:00 UTC.
		{"the night with an hour less", berlin(22*h, 6*h), "2026-03-28T21:00:00Z", "2026-03-29T04:00:00Z"},
		{"an end that is skipped", berlin(1*h, 2*h+30*time.Minute), "2026-03-29T01:10:00Z", "2026-03-29T01:30:00Z"},
		{"a begin that is skipped", berlin(2*h+30*time.Minute, 5*h), "2026-03-29T01:00:00Z", "2026-03-29T03:00:00Z"},
		{"both are skipped", berlin(2*h+10*time.Minute, 2*h+20*time.Minute), "2026-03-29T01:00:00Z", "2026-03-29T01:20:00Z"},
		// 2026-10-25: 03:00 CEST is 02:00 CET, at 01:00 UTC.
		{"the night with an hour more", berlin(22*h, 6*h), "2026-10-24T20:00:00Z", "2026-10-25T05:00:00Z"},
		{"the hour that is there twice, first", berlin(2*h, 2*h+30*time.Minute), "2026-10-25T00:00:00Z", "2026-10-25T01:30:00Z"},
		{"the hour that is there twice, between", berlin(2*h, 2*h+30*time.Minute), "2026-10-25T00:45:00Z", "2026-10-25T01:30:00Z"},
		{"the hour that is there twice, over", berlin(2*h, 2*h+30*time.Minute), "2026-10-25T01:30:00Z", ""},
		// America/Santiago skips midnight: 2026-09-06 begins at 01:00, which is 04:00 UTC.
		{"a day without midnight", spec.Freeze{Days: []time.Weekday{time.Sunday}, From: 0, To: 2 * h, Zone: "America/Santiago"}, "2026-09-06T04:00:00Z", "2026-09-06T05:00:00Z"},
		{"the evening before it", spec.Freeze{Days: []time.Weekday{time.Saturday}, From: 20 * h, To: 2 * h, Zone: "America/Santiago"}, "2026-09-06T04:59:00Z", "2026-09-06T05:00:00Z"},
		{"once", spec.Freeze{Start: utc(t, "2026-12-24T00:00:00Z"), End: utc(t, "2026-12-27T00:00:00Z")}, "2026-12-24T00:00:00Z", "2026-12-27T00:00:00Z"},
		{"once, over", spec.Freeze{Start: utc(t, "2026-12-24T00:00:00Z"), End: utc(t, "2026-12-27T00:00:00Z")}, "2026-12-27T00:00:00Z", ""},
		{"once, before", spec.Freeze{Start: utc(t, "2026-12-24T00:00:00Z"), End: utc(t, "2026-12-27T00:00:00Z")}, "2026-12-23T23:59:59Z", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			until, ok := c.freeze.Active(utc(t, c.now))
			if ok != (c.until != "") || ok && !until.Equal(utc(t, c.until)) {
				t.Errorf("%v until %v, want %q", ok, until.UTC(), c.until)
			}
		})
	}
}

// Whatever the clocks do: while a freeze holds it says an end that is ahead, and at that end it does not hold.
func TestFreezeEnds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := spec.Freeze{
			Days: rapid.SliceOfNDistinct(rapid.SampledFrom([]time.Weekday{0, 1, 2, 3, 4, 5, 6}), 1, 6, rapid.ID).Draw(t, "days"),
			From: time.Duration(rapid.IntRange(0, 1439).Draw(t, "from")) * time.Minute, To: time.Duration(rapid.IntRange(0, 1440).Draw(t, "to")) * time.Minute,
			Zone: rapid.SampledFrom([]string{"", "Europe/Berlin", "America/Santiago", "Australia/Lord_Howe", "Pacific/Apia"}).Draw(t, "zone"),
		}
		if f.From == f.To {
			t.Skip("refused")
		}
		now := time.Unix(rapid.Int64Range(1.0e9, 2.0e9).Draw(t, "now"), 0)
		until, ok := f.Active(now)
		if !ok {
			return
		}
		if !until.After(now) || until.Sub(now) > 8*24*time.Hour {
			t.Fatalf("until %v", until)
		}
		if later, still := f.Active(until); still {
			t.Fatalf("it ends at %v, where it holds until %v", until, later)
		}
		if end, held := f.Active(until.Add(-time.Second)); !held || !end.Equal(until) {
			t.Fatalf("it ends at %v, and a second before it says %v %v", until, held, end)
		}
	})
}

// What a cluster does not say is filled in, and both come back from disk.
func TestRulesOfACluster(t *testing.T) {
	load := func(blocks string) spec.Cluster {
		t.Helper()
		fleet, _, diags := spec.LoadFS(fstest.MapFS{"fleet.hcl": {Data: []byte("director \"lb1\" {}\ndirector \"lb2\" {}\ncluster \"c\" {\n  directors = [\"lb1\", \"lb2\"]\n" + blocks + "}\n")}})
		if diags.HasErrors() {
			t.Fatal(diags)
		}
		v, _ := fleet.Director("lb1")
		text, err := v.Encode()
		if err != nil {
			t.Fatal(err)
		}
		back, err := spec.DecodeView(text)
		if err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(v.Clusters, back.Clusters) {
			t.Errorf("got  %+v\nwant %+v", back.Clusters, v.Clusters)
		}
		return back.Clusters[0]
	}
	c := load("")
	if want := (spec.Rollout{Wave: 1}); c.Rollout != want {
		t.Errorf("%+v", c.Rollout)
	}
	if want := (spec.Confirm{Timeout: 10 * time.Second, Connections: 30}); c.Confirm != want {
		t.Errorf("%+v", c.Confirm)
	}
	if want := (spec.DriftRules{MostAnHour: 6}); c.Drift != want {
		t.Errorf("%+v", c.Drift)
	}
	if want := (spec.Budget{Services: 10, RealServers: 25, Weight: 50, Few: 3}); c.Budget != want {
		t.Errorf("%+v", c.Budget)
	}
	if want := (spec.Brake{Service: 100, All: 50}); c.Brake != want {
		t.Errorf("%+v", c.Brake)
	}
	c = load(`
  rollout {
    wave            = 3
    soak            = "1m"
    peer_timeout    = "2m"
    on_peer_timeout = "proceed"
  }
  confirm {
    timeout  = "0s"
    coverage = 99.9
  }
  drift {
    real_servers = "warn"
    sync_daemons = "off"
    most_an_hour = 12
  }
  budget {
    services = 2.5
    few      = 0
  }
  brake {
    service = 60
    all     = 100
  }
  freeze "nights" {
    days = ["sat", "sun"]
    from = "22:30"
    to   = "06:00"
    zone = "Europe/Berlin"
  }
  freeze "christmas" {
    start  = "2026-12-24T00:00:00+01:00"
    end    = "2026-12-27T00:00:00Z"
    reason = "nobody is there"
  }
`)
	c.Rollout.At, c.Confirm.At, c.Drift.At, c.Budget.At, c.Brake.At = spec.Mark{}, spec.Mark{}, spec.Mark{}, spec.Mark{}, spec.Mark{}
	if want := (spec.Rollout{Wave: 3, Soak: time.Minute, PeerTimeout: 2 * time.Minute, ProceedSilent: true}); c.Rollout != want {
		t.Errorf("%+v", c.Rollout)
	}
	if want := (spec.Confirm{Connections: 30, Coverage: 99.9}); c.Confirm != want {
		t.Errorf("%+v", c.Confirm)
	}
	if want := (spec.DriftRules{RealServers: spec.DriftWarn, SyncDaemons: spec.DriftOff, MostAnHour: 12}); c.Drift != want {
		t.Errorf("%+v", c.Drift)
	}
	if want := (spec.Budget{Services: 2.5, RealServers: 25, Weight: 50}); c.Budget != want {
		t.Errorf("%+v", c.Budget)
	}
	if want := (spec.Brake{Service: 60, All: 100}); c.Brake != want {
		t.Errorf("%+v", c.Brake)
	}
	if len(c.Freezes) != 2 || c.Freezes[0].Text() != "sat, sun 22:30 to 06:00 Europe/Berlin" ||
		c.Freezes[1].Text() != "2026-12-23T23:00:00Z to 2026-12-27T00:00:00Z" || c.Freezes[1].Reason != "nobody is there" {
		t.Errorf("%+v", c.Freezes)
	}
}
