# Both directors carry traffic: lb1 prefers the web address, lb2 the mail address; each takes over the other's. In mode "both" each
# runs both sync daemons, so connections survive a failover in either direction.

cluster "front" {
  directors = ["lb1", "lb2"]

  connection_sync {
    syncid    = 21
    interface = { lb1 = "bond0", lb2 = "eth0" }
    threshold = [1, 10]
  }

  ipvs_timeouts {
    tcp     = "15m"
    tcp_fin = "30s"
    udp     = "1m"
  }

  vrrp_instance "web" {
    interface         = { lb1 = "bond0", lb2 = "eth0" }
    virtual_router_id = 80
    version           = 3
    priority          = { lb1 = 150, lb2 = 100 }
    advert_interval   = "100ms"
    virtual_address "192.0.2.100/24" {}
  }

  vrrp_instance "mail" {
    interface         = { lb1 = "bond0", lb2 = "eth0" }
    virtual_router_id = 25
    version           = 3
    priority          = { lb1 = 100, lb2 = 150 }
    advert_interval   = "100ms"
    virtual_address "192.0.2.101/24" {}
  }

  virtual_server "web" {
    description = "public site"
    owner       = "web team"
    address     = "192.0.2.100"
    ports       = [80, 443]
    protocol    = "tcp"
    scheduler   = "mh"
    flags       = ["mh-port"]
    forwarding  = "dr"

    dynamic "real_server" {
      for_each = [for n in range(21, 25) : "192.0.2.${n}"]
      labels   = [real_server.value]
      content { weight = 10 }
    }

    lifecycle { prevent_destroy = true }
  }

  virtual_server "mail" {
    address     = "192.0.2.101"
    port        = 25
    protocol    = "tcp"
    scheduler   = "wlc"
    forwarding  = "nat"
    persistence = "5m"

    real_server "198.51.100.31:2525" {
      weight          = 1
      upper_threshold = 500
      lower_threshold = 400
    }
    real_server "198.51.100.32:2525" {
      weight          = 1
      upper_threshold = 500
      lower_threshold = 400
    }
  }
}
