package policies

// All are the built-in rules, in the order of the documentation.
func All() []Policy {
	return []Policy{
		// connection sync
		duplicateSyncID{},
		backupOnly{},
		// VRRP
		duplicateRouterID{},
		equalPriority{},
		loneSyncGroup{},
		// addresses
		sharedAddress{},
		// pools
		allWeightsZero{},
		// the change
		preventDestroy{},
		lostDirector{},
		// the fleet
		emptyDirector{},
		directorWithoutKey{},
	}
}
