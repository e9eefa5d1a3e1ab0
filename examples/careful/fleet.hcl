# Two clusters: a commit goes to the small one first, and to the large one when it has proven itself. The keys are
# those of nobody: write what `lbsync keygen` prints on each director.

director "lb1" {
  endpoint   = "192.0.2.11:7946"
  public_key = "ed25519:yNEQSZY/HpBUBRTDILZJ/cUdfF3KDsbOfSqme8+p5QU="
}
director "lb2" {
  endpoint   = "192.0.2.12:7946"
  public_key = "ed25519:oQqcOdX0aw1ibd78Lb+CJH9hiiOK9fs/30GJU35BKbg="
}
director "lb3" {
  endpoint   = "192.0.2.13:7946"
  public_key = "ed25519:UNB5H4T0F8MzzlPRSt4rjA/UuZctaek/OlGZnwXZQhk="
}
director "lb4" {
  endpoint   = "192.0.2.14:7946"
  public_key = "ed25519:8lRTUmfvZH4jaGgmFNYdfWLcKSUrUEeZ/alBMYeZqCI="
}

cluster "canary" {
  directors = ["lb1", "lb2"]

  virtual_server "web_canary" {
    address    = "192.0.2.90"
    port       = 80
    protocol   = "tcp"
    scheduler  = "wlc"
    forwarding = "dr"
    real_server "192.0.2.29" {}
  }
}

cluster "shop" {
  directors = ["lb3", "lb4"]

  rollout {
    wave            = 2 # after the clusters that say nothing, whose wave is 1
    soak            = "15m"
    peer_timeout    = "10m"
    on_peer_timeout = "hold"
  }

  confirm {
    timeout     = "30s"
    connections = 50 # half of the connections gone: go back to the commit before
  }

  drift {
    real_servers = "warn" # the team of the shop drains by hand; lbsync says so and leaves it
    most_an_hour = 12
  }

  freeze "friday_night" {
    days = ["fri"]
    from = "16:00"
    to   = "06:00"
    zone = "Europe/Berlin"
  }

  freeze "christmas" {
    start  = "2026-12-23T16:00:00+01:00"
    end    = "2026-12-28T06:00:00+01:00"
    reason = "the busiest days of the year"
  }

  virtual_server "shop" {
    address    = "192.0.2.100"
    port       = 443
    protocol   = "tcp"
    scheduler  = "wlc"
    forwarding = "dr"
    real_server "192.0.2.21" { weight = 2 }
    real_server "192.0.2.22" {}
  }
}
