locals {
  most_weight = 100
  teams = {
    shop = ["192.0.2.96/28"]
    mail = ["192.0.2.112/28", "2001:db8:25::/48"]
  }
}

policy "no-heavy-weights" {
  level         = "overridable"
  for_each      = real_servers
  condition     = each.value.weight <= local.most_weight
  message       = "${each.key} has weight ${each.value.weight}: write at most ${local.most_weight}"
  overridden_by = ["anna@example.org"]
}

policy "addresses-of-teams" {
  level     = "deny"
  for_each  = virtual_servers
  condition = alltrue([for a in each.value.addresses : anytrue([for n in lookup(local.teams, each.value.owner, []) : cidrcontains(n, a)])])
  message   = "${each.key} has ${join(", ", each.value.addresses)}, which is outside of the networks of team ${each.value.owner}"
}

policy "quiet-weekends" {
  level     = "deny"
  when      = contains(["sat", "sun"], commit.time.weekday)
  condition = length(changes) == 0 || can(commit.trailers["emergency"])
  message   = "nothing is changed at weekends: wait for Monday, or say in a trailer why not, \"Emergency: WHY\""
}

# An election that addresses decide is no advice here, but refused.
policy "equal-priority" {
  level = "deny"
}
