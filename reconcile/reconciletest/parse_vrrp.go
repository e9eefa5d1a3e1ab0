package reconciletest

import (
	"encoding"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// vrrpLines read the lines that formatVRRP prints, by their first word.
var vrrpLines = map[string]func(*spec.VRRP, []string) error{
	lineWord(spec.KindInstance):   func(v *spec.VRRP, words []string) error { return parseRow(&v.Instances, words) },
	lineWord(spec.KindPeer):       func(v *spec.VRRP, words []string) error { return parseRow(&v.Peers, words) },
	lineWord(spec.KindAddress):    func(v *spec.VRRP, words []string) error { return parseRow(&v.Addresses, words) },
	lineWord(spec.KindRoute):      func(v *spec.VRRP, words []string) error { return parseRow(&v.Routes, words) },
	lineWord(spec.KindRule):       func(v *spec.VRRP, words []string) error { return parseRow(&v.Rules, words) },
	lineWord(spec.KindTracker):    func(v *spec.VRRP, words []string) error { return parseRow(&v.Trackers, words) },
	lineWord(spec.KindFollowSync): func(v *spec.VRRP, words []string) error { return parseRow(&v.Follow, words) },
}

func parseRow[K spec.RowKey[K], V spec.RowValue](rows *spec.Rows[K, V], words []string) error {
	var r spec.Row[K, V]
	known := rowOptions(&r)
	if len(words)%2 != 0 {
		return fmt.Errorf("%q: want options, each with its value", strings.Join(words, " "))
	}
	for pair := range slices.Chunk(words, 2) {
		i := slices.IndexFunc(known, func(o rowOption) bool { return "--"+o.name == pair[0] })
		if i < 0 {
			return fmt.Errorf("%q is no option of a %s", pair[0], r.Key.Kind())
		}
		if err := set(known[i].value, pair[1]); err != nil {
			return fmt.Errorf("%s: %w", pair[0], err)
		}
	}
	*rows = append(*rows, r)
	rows.Sort()
	return nil
}

func set(to reflect.Value, word string) error {
	switch p := to.Addr().Interface().(type) {
	case encoding.TextUnmarshaler:
		return p.UnmarshalText([]byte(word))
	case *time.Duration:
		d, err := time.ParseDuration(word)
		*p = d
		return err
	}
	switch {
	case to.Kind() == reflect.String:
		to.SetString(strings.ReplaceAll(word, ",", "\x00"))
	case to.Kind() == reflect.Bool:
		b, err := strconv.ParseBool(word)
		to.SetBool(b)
		return err
	case to.CanInt():
		n, err := strconv.ParseInt(word, 10, to.Type().Bits())
		to.SetInt(n)
		return err
	case to.CanUint():
		n, err := strconv.ParseUint(word, 10, to.Type().Bits())
		to.SetUint(n)
		return err
	default:
		panic("a row has a field of kind " + to.Kind().String())
	}
	return nil
}
