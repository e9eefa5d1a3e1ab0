package spec

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
)

const shared = `
director "lb1" {}
director "lb2" {}
cluster "c" {
  directors = ["lb1", "lb2"]
  virtual_server "web" {
    address      = "192.0.2.100"
    ports        = [80, 443]
    protocol     = "tcp"
    scheduler    = "rr"
    forwarding   = "dr"
    health_check "tcp" { port = 8080 }
    health_check "file" { path = "/run/web" }
    real_server "192.0.2.21" {}
    real_server "192.0.2.22" {
      health_check "http" {
        address = "198.51.100.1"
        port    = 9
      }
      health_check "http" {
        address = "198.51.100.1"
        port    = 9
      }
    }
  }
  virtual_server "other" {
    address      = "192.0.2.101"
    port         = 80
    protocol     = "tcp"
    scheduler    = "rr"
    forwarding   = "dr"
    real_server "192.0.2.21" {
      health_check "file" { path = "/run/web" }
    }
    real_server "192.0.2.23" {}
  }
}`

// A check that is at another address, or at none, belongs to those that declare it, and to nobody who is at its address.
func TestCheckedByCheck(t *testing.T) {
	v, _ := loadText(t, shared).Director("lb1")
	var got []string
	all := v.Checked()
	for _, c := range slices.SortedFunc(maps.Keys(all), Check.Compare) {
		got = append(got, fmt.Sprint(c, ": ", all[c]))
	}
	const want = `file /run/web: [tcp 192.0.2.100:80 > 192.0.2.21:80 tcp 192.0.2.100:443 > 192.0.2.21:443 tcp 192.0.2.101:80 > 192.0.2.21:80]
tcp 192.0.2.21:8080: [tcp 192.0.2.100:80 > 192.0.2.21:80 tcp 192.0.2.100:443 > 192.0.2.21:443]
http 198.51.100.1:9: [tcp 192.0.2.100:80 > 192.0.2.22:80 tcp 192.0.2.100:443 > 192.0.2.22:443]`
	if text := strings.Join(got, "\n"); text != want {
		t.Errorf("got\n%s\nwant\n%s", text, want)
	}
}
