package spec

// PartOf is the object that another one belongs to, without which it cannot be: the service of a real server, the instance of an
// address. It is nil for what stands alone.
func PartOf(k Key) Key {
	switch k := k.(type) {
	case DestKey:
		return k.Service
	case PeerKey:
		return k.Instance
	case AddressKey:
		return k.Instance
	case RouteKey:
		return k.Instance
	case RuleKey:
		return k.Instance
	case TrackerKey:
		return k.Instance
	case FollowSyncKey:
		return InstanceKey(k)
	}
	return nil
}
