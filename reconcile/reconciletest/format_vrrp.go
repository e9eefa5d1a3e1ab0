package reconciletest

import (
	"encoding"
	"fmt"
	"reflect"
	"strings"
	"time"

	"github.com/lbsync/lbsync/spec"
)

// formatVRRP prints the rows of the engine, which no other tool has a line for: the kind, then each field of key and settings that is
// not zero as an option.
func formatVRRP(b *strings.Builder, v *spec.VRRP) {
	formatRows(b, v.Instances)
	formatRows(b, v.Peers)
	formatRows(b, v.Addresses)
	formatRows(b, v.Routes)
	formatRows(b, v.Rules)
	formatRows(b, v.Trackers)
	formatRows(b, v.Follow)
}

func formatRows[K spec.RowKey[K], V spec.RowValue](b *strings.Builder, rows spec.Rows[K, V]) {
	for _, r := range rows {
		b.WriteString(lineWord(r.Key.Kind()))
		for _, o := range rowOptions(&r) {
			if !o.value.IsZero() {
				fmt.Fprintf(b, " --%s %s", o.name, text(o.value))
			}
		}
		b.WriteString("\n")
	}
}

// lineWord begins the lines of a kind.
func lineWord(k spec.Kind) string { return strings.ReplaceAll(string(k), " ", "-") }

// rowOption is a field of a row.
type rowOption struct {
	name  string
	value reflect.Value
}

func rowOptions[K spec.RowKey[K], V spec.RowValue](r *spec.Row[K, V]) []rowOption {
	key := reflect.ValueOf(&r.Key).Elem()
	if key.Kind() == reflect.String {
		return append([]rowOption{{"instance", key}}, structOptions("", reflect.ValueOf(&r.Value).Elem())...)
	}
	return append(structOptions("", key), structOptions("", reflect.ValueOf(&r.Value).Elem())...)
}

func structOptions(prefix string, v reflect.Value) []rowOption {
	var out []rowOption
	for i := range v.NumField() {
		name := prefix + strings.ToLower(v.Type().Field(i).Name)
		if _, leaf := v.Field(i).Interface().(encoding.TextMarshaler); !leaf && v.Field(i).Kind() == reflect.Struct {
			out = append(out, structOptions(name+".", v.Field(i))...)
		} else {
			out = append(out, rowOption{name, v.Field(i)})
		}
	}
	return out
}

// text is a value as one word: a command has commas in the place of its NULs.
func text(v reflect.Value) string {
	switch v := v.Interface().(type) {
	case encoding.TextMarshaler:
		b, err := v.MarshalText()
		if err != nil {
			panic(err) // what is not zero has a text
		}
		return string(b)
	case time.Duration:
		return v.String()
	}
	return strings.ReplaceAll(fmt.Sprint(v), "\x00", ",")
}
