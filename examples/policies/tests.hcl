locals {
  # A fleet with one virtual server, for tests; %s are its owner, its address and a weight.
  one = <<HCL
director "lb1" {}
director "lb2" {}
cluster "web" {
  directors = ["lb1", "lb2"]
  virtual_server "one" {
    owner      = "%s"
    address    = "%s"
    port       = 443
    protocol   = "tcp"
    scheduler  = "wlc"
    forwarding = "dr"
    real_server "192.0.2.21" { weight = %d }
  }
}
HCL
}

policy_test "this fleet has no heavy weight" {
  policy = "no-heavy-weights"
  expect = "pass"
}

policy_test "a heavy weight" {
  policy  = "no-heavy-weights"
  fleet   = format(local.one, "shop", "192.0.2.100", 101)
  expect  = "refuse"
  message = "web/one/192.0.2.21 has weight 101"
}

policy_test "a heavy weight that Anna wants" {
  policy  = "no-heavy-weights"
  fleet   = format(local.one, "shop", "192.0.2.100", 101)
  expect  = "advise"
  message = "the new machine takes it"
  commit {
    author   = "Anna"
    email    = "anna@example.org"
    trailers = { Lbsync-Override = "no-heavy-weights the new machine takes it" }
  }
}

policy_test "an address of another team" {
  policy  = "addresses-of-teams"
  fleet   = format(local.one, "shop", "192.0.2.115", 1)
  expect  = "refuse"
  message = "outside of the networks of team shop"
}

policy_test "a change on a Saturday" {
  policy = "quiet-weekends"
  base   = format(local.one, "shop", "192.0.2.100", 1)
  fleet  = format(local.one, "shop", "192.0.2.100", 2)
  expect = "refuse"
  commit {
    time = "2026-01-03T12:00:00+01:00"
  }
}

policy_test "an emergency on a Saturday" {
  policy = "quiet-weekends"
  base   = format(local.one, "shop", "192.0.2.100", 1)
  fleet  = format(local.one, "shop", "192.0.2.100", 2)
  expect = "pass"
  commit {
    time     = "2026-01-03T12:00:00+01:00"
    trailers = { Emergency = "customers wait" }
  }
}
