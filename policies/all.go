package policies

// group is a chapter of the documentation.
type group struct {
	Title string
	Rules []Policy
}

// groups are the built-in rules. The first of the first two groups are the accidents that lbsync began with.
func groups() []group {
	return []group{
		{"Connection sync", []Policy{
			duplicateSyncID{},
			backupOnly{},
			dividedSync{},
			followOneOfMany{},
			coldPreemption{},
			syncInterfaceWithoutAddress{},
			foreignSyncMaster{},
		}},
		{"VRRP", []Policy{
			loneSyncGroup{},
			duplicateRouterID{},
			equalPriority{},
			foreignSpeaker{},
			ownerWithoutAddress{},
			ignoredByOwner{},
			slowAnnouncement{},
			mixedOwners{},
			syncGroupOrder{},
			vrrpInterfaceWithoutAddress{},
		}},
		{"Addresses", []Policy{
			sharedAddress{},
		}},
		{"Pools", []Policy{
			allWeightsZero{},
		}},
		{"The change", []Policy{
			preventDestroy{},
			lostDirector{},
			splitByChange{},
		}},
		{"The fleet", []Policy{
			emptyDirector{},
			directorWithoutKey{},
		}},
	}
}

// All are the built-in rules, in the order of the documentation.
func All() []Policy {
	var out []Policy
	for _, g := range groups() {
		out = append(out, g.Rules...)
	}
	return out
}
