package policies

// group is a chapter of the documentation.
type group struct {
	Title string
	Rules []Policy
}

// groups are the built-in rules.
func groups() []group {
	return []group{
		{"The two accidents that lbsync began with", []Policy{loneSyncGroup{}, duplicateSyncID{}}},
		{"Connection sync", syncRules()},
		{"VRRP", vrrpRules()},
		{"Addresses", addressRules()},
		{"Pools", poolRules()},
		{"The change", changeRules()},
		{"Secrets", secretRules()},
		{"The fleet", fleetRules()},
	}
}

func syncRules() []Policy {
	return []Policy{
		backupOnly{},
		dividedSync{},
		followOneOfMany{},
		coldPreemption{},
		syncInterfaceWithoutAddress{},
		foreignSyncMaster{},
	}
}

func vrrpRules() []Policy {
	return []Policy{
		duplicateRouterID{},
		equalPriority{},
		foreignSpeaker{},
		ownerWithoutAddress{},
		ignoredByOwner{},
		slowAnnouncement{},
		mixedOwners{},
		syncGroupOrder{},
		vrrpInterfaceWithoutAddress{},
	}
}

func addressRules() []Policy {
	return []Policy{
		sharedAddress{},
		unheldAddress{},
		idleAddress{},
	}
}

func poolRules() []Policy {
	return []Policy{
		allWeightsZero{},
		offSegment{},
		hashFlags{},
		hashWithoutFallback{},
		udpTimeout{},
	}
}

func changeRules() []Policy {
	return []Policy{
		preventDestroy{},
		servicesRemoved{},
		realServersRemoved{},
		weightLost{},
		undrainedRemoval{},
		checkWithPool{},
		lostDirector{},
		splitByChange{},
		lostMaster{},
		emptyFleet{},
	}
}

func secretRules() []Policy {
	return []Policy{
		clearTextSecret{},
		plainAuthentication{},
	}
}

func fleetRules() []Policy {
	return []Policy{
		emptyDirector{},
		directorWithoutKey{},
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
