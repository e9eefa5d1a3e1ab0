package schema

import (
	"math/big"
	"net/netip"

	"github.com/zclconf/go-cty/cty"
	"github.com/zclconf/go-cty/cty/function"
	"github.com/zclconf/go-cty/cty/gocty"
)

// cidrHost is address number n of a network; a negative n counts from its end.
var cidrHost = cidrFunc([]string{"n"}, func(p netip.Prefix, n ...int64) (string, error) {
	a, err := offset(p, n[0], p.Addr().BitLen()-p.Bits(), 0)
	return a.String(), err
})

// cidrSubnet is network number n among those that are newbits longer.
var cidrSubnet = cidrFunc([]string{"newbits", "n"}, func(p netip.Prefix, n ...int64) (string, error) {
	bits := int64(p.Bits()) + n[0]
	if n[0] < 0 || bits > int64(p.Addr().BitLen()) {
		return "", function.NewArgErrorf(1, "a %s cannot be made %d bits longer", p, n[0])
	}
	a, err := offset(p, n[1], int(n[0]), p.Addr().BitLen()-int(bits))
	return netip.PrefixFrom(a, int(bits)).String(), err
})

// cidrNetmask is the mask of an IPv4 network in dotted form.
var cidrNetmask = cidrFunc(nil, func(p netip.Prefix, _ ...int64) (string, error) {
	if !p.Addr().Is4() {
		return "", function.NewArgErrorf(0, "only IPv4 networks have a dotted mask")
	}
	m := ^uint32(0)
	if p.Bits() < 32 {
		m = ^(m >> p.Bits())
	}
	return netip.AddrFrom4([4]byte{byte(m >> 24), byte(m >> 16), byte(m >> 8), byte(m)}).String(), nil
})

// offset adds n, which has to fit into bits, shifted left, to the network's address.
func offset(p netip.Prefix, n int64, bits, shift int) (netip.Addr, error) {
	size := new(big.Int).Lsh(big.NewInt(1), uint(bits))
	k := big.NewInt(n)
	if n < 0 {
		k.Add(k, size)
	}
	if k.Sign() < 0 || k.Cmp(size) >= 0 {
		return netip.Addr{}, function.NewArgErrorf(1, "%s has no number %d", p, n)
	}
	sum := new(big.Int).SetBytes(p.Addr().AsSlice())
	sum.Add(sum, k.Lsh(k, uint(shift)))
	b := make([]byte, p.Addr().BitLen()/8)
	a, _ := netip.AddrFromSlice(sum.FillBytes(b))
	return a, nil
}

func cidrFunc(params []string, f func(netip.Prefix, ...int64) (string, error)) function.Function {
	spec := &function.Spec{Params: []function.Parameter{{Name: "prefix", Type: cty.String}}, Type: function.StaticReturnType(cty.String)}
	for _, p := range params {
		spec.Params = append(spec.Params, function.Parameter{Name: p, Type: cty.Number})
	}
	spec.Impl = func(args []cty.Value, _ cty.Type) (cty.Value, error) {
		p, err := netip.ParsePrefix(args[0].AsString())
		if err != nil {
			return cty.NilVal, function.NewArgErrorf(0, "%q is not a network: write one as \"192.0.2.0/24\"", args[0].AsString())
		}
		nums := make([]int64, len(params))
		for i := range nums {
			if err := gocty.FromCtyValue(args[i+1], &nums[i]); err != nil {
				return cty.NilVal, function.NewArgErrorf(i+1, "it is not a whole number")
			}
		}
		s, err := f(p.Masked(), nums...)
		if err != nil {
			return cty.NilVal, err
		}
		return cty.StringVal(s), nil
	}
	return function.New(spec)
}
