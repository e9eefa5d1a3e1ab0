# Real servers in another network, reached through tunnels: IPv6 servers behind an IPv4 address are legal here, and only here.

director "edge1" {}
director "edge2" {}

cluster "edge" {
  directors = ["edge1", "edge2"]

  virtual_server "web" {
    address    = "203.0.113.80"
    port       = 443
    protocol   = "tcp"
    scheduler  = "mh"
    flags      = ["mh-fallback", "mh-port"]
    forwarding = "tun"

    tunnel {
      type     = "gue"
      port     = 6080
      checksum = "remote"
    }

    real_server "198.51.100.11" { weight = 100 }
    real_server "198.51.100.12" { weight = 100 }

    real_server "2001:db8:1::13" {
      weight = 50
      tunnel { type = "ipip" }
    }
  }

  virtual_server "legacy" {
    address    = "203.0.113.81"
    port       = 80
    protocol   = "tcp"
    scheduler  = "wlc"
    forwarding = "tun"
    tunnel { type = "gre" }

    # The probe goes through the tunnel to the virtual address, as a client's packets do: a real server whose tunnel device is down, or
    # that does not hold the virtual address, fails it.
    health_check "http" {
      path      = "/health"
      real_path = true
    }

    real_server "198.51.100.21" { weight = 1 }
  }
}
