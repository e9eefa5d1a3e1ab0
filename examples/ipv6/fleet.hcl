# A service for both families. Version 3 of VRRP carries each family in an instance of its own.

director "lb1" {}
director "lb2" {}

cluster "dns" {
  directors = ["lb1", "lb2"]

  connection_sync {
    syncid    = 31
    interface = "eth0"
    group     = "ff02::81"
  }

  vrrp_instance "dns4" {
    interface         = "eth0"
    virtual_router_id = 53
    version           = 3
    priority          = { lb1 = 101, lb2 = 100 }
    advert_interval   = "1s"
    virtual_address "192.0.2.53/24" {}
  }

  vrrp_instance "dns6" {
    interface         = "eth0"
    virtual_router_id = 53
    version           = 3
    priority          = { lb1 = 101, lb2 = 100 }
    advert_interval   = "1s"
    virtual_address "fe80::53/64" {}
    virtual_address "2001:db8::53/64" {}
  }

  vrrp_sync_group "dns" {
    instances = ["dns4", "dns6"]
  }

  virtual_server "dns-udp" {
    addresses  = ["192.0.2.53"]
    port       = 53
    protocol   = "udp"
    scheduler  = "rr"
    forwarding = "dr"
    one_packet = true

    real_server "192.0.2.61" { weight = 1 }
    real_server "192.0.2.62" { weight = 1 }
  }

  virtual_server "dns-udp6" {
    address    = "2001:db8::53"
    port       = 53
    protocol   = "udp"
    scheduler  = "rr"
    forwarding = "dr"
    one_packet = true

    real_server "[2001:db8::61]:53" { weight = 1 }
    real_server "[2001:db8::62]:53" { weight = 1 }
  }
}
