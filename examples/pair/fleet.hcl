# Two directors, one address, two real servers: what most people run today with keepalived on two hosts.

locals {
  redis = ["192.0.2.21", "192.0.2.22"]
}

director "lb1" {
  endpoint   = "192.0.2.11:7946"
  public_key = "ed25519:Ps5eO5ZLrmuYbx5z3X/I3w5d+a6dJrqxv8TltNB+3CQ="
}

director "lb2" {
  endpoint   = "192.0.2.12:7946"
  public_key = "ed25519:f+9K73rddKnpmxe5vi4tDA5/p3l/+82z0yYfIxtPbNE="
}

cluster "codis" {
  directors = ["lb1", "lb2"]

  connection_sync {
    syncid    = 11
    interface = "eth0"
  }

  vrrp_instance "codis_6379" {
    interface         = "eth0"
    virtual_router_id = 79
    priority          = { lb1 = 100, lb2 = 101 }
    advert_interval   = "1s"
    preempt           = false
    unicast           = true
    virtual_address "192.0.2.100/32" {}
  }

  virtual_server "codis" {
    address    = "192.0.2.100"
    port       = 6379
    protocol   = "tcp"
    scheduler  = "wrr"
    forwarding = "dr"

    dynamic "real_server" {
      for_each = local.redis
      labels   = ["${real_server.value}:6379"]
      content { weight = 1 }
    }
  }
}
