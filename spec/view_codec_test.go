package spec

import (
	"net/netip"
	"reflect"
	"testing"
	"time"
)

// fill gives every exported field below v a value of its own, so that one that a codec forgets does not come back.
func fill(v reflect.Value, n *uint64) {
	switch *n++; v.Interface().(type) {
	case netip.Addr:
		v.Set(reflect.ValueOf(netip.AddrFrom4([4]byte{10, 0, byte(*n >> 8), byte(*n)})))
		return
	case netip.AddrPort:
		v.Set(reflect.ValueOf(netip.AddrPortFrom(netip.MustParseAddr("fe80::1%eth0"), uint16(*n))))
		return
	}
	switch v.Kind() {
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem(), n)
	case reflect.Struct:
		for i := range v.NumField() {
			fill(v.Field(i), n)
		}
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		fill(v.Index(0), n)
		fill(v.Index(1), n)
	case reflect.String:
		v.SetString("word " + time.Duration(*n).String())
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int32, reflect.Int64:
		v.SetInt(int64(*n))
	default:
		v.SetUint(*n % 250)
	}
}

// A field that is added to a virtual or a real server and not to the codec would be lost at the next restart.
func TestViewKeepsEveryField(t *testing.T) {
	n := uint64(0)
	v := View{Director: Placed[Director]{Def: &Director{Name: "lb1"}}, Clusters: make([]Cluster, 3)}
	for _, i := range []int{0, 2} {
		v.Clusters[i].VirtualServers = make([]Placed[VirtualServer], 3)
		for j := range v.Clusters[i].VirtualServers {
			fill(reflect.ValueOf(&v.Clusters[i].VirtualServers[j]).Elem(), &n)
			v.Clusters[i].VirtualServers[j].Def.countPaths() // it is not kept, but counted again
		}
	}
	text, err := v.Encode()
	if err != nil {
		t.Fatal(err)
	}
	back, err := DecodeView(text)
	if err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(v, back) {
		t.Errorf("got  %+v\nwant %+v", *back.Clusters[0].VirtualServers[0].Def, *v.Clusters[0].VirtualServers[0].Def)
	}
}

// FuzzViewBody: bytes behind a sound checksum are decoded or refused, without a panic and with memory in proportion.
func FuzzViewBody(f *testing.F) {
	n := uint64(0)
	v := View{Director: Placed[Director]{Def: &Director{Name: "lb1"}}, Clusters: make([]Cluster, 1)}
	v.Clusters[0].VirtualServers = make([]Placed[VirtualServer], 1)
	fill(reflect.ValueOf(&v.Clusters[0].VirtualServers[0]).Elem(), &n)
	text, err := v.Encode()
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text[viewHeader:])
	f.Fuzz(func(_ *testing.T, body []byte) { _, _ = decodeBody(body) })
}
