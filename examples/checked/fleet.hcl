# A pool of web servers that is checked: what fails leaves it and comes back gently, what is removed is drained, and when all of them
# fail a sorry server stands in.

director "lb1" {
  endpoint   = "192.0.2.11:7946"
  public_key = "ed25519:Ps5eO5ZLrmuYbx5z3X/I3w5d+a6dJrqxv8TltNB+3CQ="
}

director "lb2" {
  endpoint   = "192.0.2.12:7946"
  public_key = "ed25519:f+9K73rddKnpmxe5vi4tDA5/p3l/+82z0yYfIxtPbNE="
}

cluster "web" {
  directors = ["lb1", "lb2"]

  connection_sync {
    syncid    = 31
    interface = "eth0"
  }

  # When more than half of all checks fail at once, it is as likely the director's own network: weights stay, and the other director is
  # asked.
  brake {
    all = 50
  }

  # Somebody is told when a pool is in trouble.
  notify "webhook" {
    on     = ["quorum", "real_server"]
    target = "https://alerts.example.net/lbsync"
  }

  vrrp_instance "web" {
    interface         = "eth0"
    virtual_router_id = 31
    priority          = { lb1 = 100, lb2 = 101 }
    preempt           = false
    virtual_address "192.0.2.180/32" {}
  }

  virtual_server "web" {
    address    = "192.0.2.180"
    port       = 443
    protocol   = "tcp"
    scheduler  = "wlc"
    forwarding = "nat"

    quorum        = 100   # of the 300 that all weigh: below it the sorry server stands in
    slow_start    = "60s" # one that comes back has all of its weight after a minute
    drain_timeout = "10m" # one that is removed keeps its connections for so long

    # Every real server that declares no check itself: verified as a client would, each second while its state is in doubt.
    health_check "https" {
      interval      = "5s"
      fast_interval = "1s"
      timeout       = "1s"
      path          = "/healthz"
      host          = "www.example.net"
      ca_file       = "/etc/lbsync/web-ca.pem"
    }

    sorry_server "192.0.2.199:443" {}

    real_server "192.0.2.181" { weight = 100 }
    real_server "192.0.2.182" { weight = 100 }
    real_server "192.0.2.183" {
      weight = 100
      # This one is taken out by hand, with `echo down > /run/web183`, on the director.
      health_check "tcp" {}
      health_check "file" { path = "/run/web183" }
    }
  }
}
