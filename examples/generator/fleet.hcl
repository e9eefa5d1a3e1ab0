# Many services from a few lines: a tenant is one entry of a map. What differs between tenants is data, what is common stands once.

locals {
  tenants = {
    acme   = { net = 10, scheduler = "wlc", ports = [80, 443] }
    globex = { net = 20, scheduler = "wrr", ports = [80, 443, 8443] }
    umbra  = { net = 30, scheduler = "mh", ports = [443] }
  }
  servers_per_tenant = 4
}

director "lb1" {}
director "lb2" {}

cluster "tenants" {
  directors = ["lb1", "lb2"]

  connection_sync {
    syncid    = 40
    interface = "eth0"
  }

  dynamic "virtual_server" {
    for_each = local.tenants
    iterator = tenant
    labels   = [tenant.key]
    content {
      owner      = tenant.key
      address    = cidrhost("203.0.113.0/24", tenant.value.net)
      ports      = tenant.value.ports
      protocol   = "tcp"
      scheduler  = tenant.value.scheduler
      forwarding = "dr"

      dynamic "real_server" {
        for_each = range(local.servers_per_tenant)
        labels   = [cidrhost("203.0.113.0/24", tenant.value.net + 1 + real_server.value)]
        content { weight = real_server.value == 0 ? 5 : 10 }
      }
    }
  }
}
