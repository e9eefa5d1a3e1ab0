director "lb1" {
  endpoint = "192.0.2.11:7946"
  labels   = { site = "fra1" }
  sysctls  = { "net.ipv4.vs.expire_nodest_conn" = "1" }
}

director "lb2" {
  endpoint = "192.0.2.12:7946"
  labels   = { site = "fra1" }
  sysctls  = { "net.ipv4.vs.expire_nodest_conn" = "1" }
}
