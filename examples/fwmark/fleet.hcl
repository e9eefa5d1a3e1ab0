# One pool for many addresses and ports: the firewall marks the packets, IPVS schedules by mark. Persistence keeps a client's
# control and data connections on one real server.

director "ftp1" {}
director "ftp2" {}

cluster "ftp" {
  directors = ["ftp1", "ftp2"]

  connection_sync {
    syncid    = 7
    interface = "eth1"
  }

  virtual_server "ftp" {
    fwmark      = 21
    family      = "ipv4"
    scheduler   = "wlc"
    forwarding  = "dr"
    persistence = "10m"

    real_server "192.0.2.31" { weight = 2 }
    real_server "192.0.2.32" { weight = 1 }
  }

  virtual_server "any-port" {
    address            = "192.0.2.90"
    port               = 0
    protocol           = "tcp"
    scheduler          = "sh"
    flags              = ["sh-port"]
    forwarding         = "dr"
    persistence        = "2m"
    persistence_prefix = 24

    real_server "192.0.2.31" { weight = 1 }
    real_server "192.0.2.32" { weight = 1 }
  }
}
