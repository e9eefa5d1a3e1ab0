# The keys are those of nobody: write what `lbsync keygen` prints on each director.
director "lb1" {
  endpoint   = "192.0.2.11:7946"
  public_key = "ed25519:yNEQSZY/HpBUBRTDILZJ/cUdfF3KDsbOfSqme8+p5QU="
}
director "lb2" {
  endpoint   = "192.0.2.12:7946"
  public_key = "ed25519:oQqcOdX0aw1ibd78Lb+CJH9hiiOK9fs/30GJU35BKbg="
}

cluster "web" {
  directors = ["lb1", "lb2"]

  vrrp_instance "web" {
    interface         = "eth0"
    virtual_router_id = 51
    priority          = { lb1 = 100, lb2 = 101 }
    virtual_address "192.0.2.100/32" {}
    virtual_address "192.0.2.115/32" {}
  }

  virtual_server "shop" {
    address    = "192.0.2.100"
    port       = 443
    protocol   = "tcp"
    scheduler  = "wlc"
    forwarding = "dr"
    owner      = "shop"
    real_server "192.0.2.21" { weight = 100 }
    real_server "192.0.2.22" { weight = 50 }
  }

  virtual_server "smtp" {
    address    = "192.0.2.115"
    port       = 25
    protocol   = "tcp"
    scheduler  = "rr"
    forwarding = "dr"
    owner      = "mail"
    real_server "192.0.2.31" {}
    real_server "192.0.2.32" {}
  }
}
