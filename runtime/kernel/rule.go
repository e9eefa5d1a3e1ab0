package kernel

import (
	"errors"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"

	"github.com/lbsync/lbsync/spec"
)

// Of rules (include/uapi/linux/fib_rules.h).
const (
	fraDst      = 1
	fraSrc      = 2
	fraPriority = 6
	fraFWMark   = 10
	fraTable    = 15
	fraProtocol = 21
	toTable     = 1 // FR_ACT_TO_TBL
	ruleHeader  = 12
)

// AddRules adds virtual rules, tagged ProtoVRRP. A rule without prefixes is put for IPv4 and for IPv6: a mark is of both. Errors are in the
// order of rows; unix.EEXIST: there is an equal one of ours; one of another may stand beside it.
func (l *Links) AddRules(rows spec.Rows[spec.RuleKey, spec.Rule]) []error {
	errs := l.rules(rows, unix.RTM_NEWRULE, unix.NLM_F_CREATE|unix.NLM_F_EXCL)
	return naming(errs, func(i int) string { return "add rule " + rows[i].Key.Name })
}

// DelRules removes virtual rules, only those tagged as ours. unix.ENOENT: it was not there.
func (l *Links) DelRules(rows spec.Rows[spec.RuleKey, spec.Rule]) []error {
	errs := l.rules(rows, unix.RTM_DELRULE, 0)
	return naming(errs, func(i int) string { return "remove rule " + rows[i].Key.Name })
}

func (l *Links) rules(rows spec.Rows[spec.RuleKey, spec.Rule], typ, flags uint16) []error {
	type message struct {
		row    int
		family uint8
	}
	var all []message
	for i, r := range rows {
		for _, family := range ruleFamilies(r.Value) {
			all = append(all, message{i, family})
		}
	}
	each := l.socket.pack(len(all), func(i int) error {
		r := rows[all[i].row].Value
		if r.From.IsValid() && r.To.IsValid() && r.From.Addr().Is4() != r.To.Addr().Is4() {
			return fmt.Errorf("from %s and to %s are of different families", r.From, r.To)
		}
		l.socket.begin(typ, flags).rule(all[i].family, r)
		return nil
	})
	errs := make([]error, len(rows))
	for i, err := range each {
		errs[all[i].row] = errors.Join(errs[all[i].row], err)
	}
	return errs
}

func ruleFamilies(r spec.Rule) []uint8 {
	for _, p := range []netip.Prefix{r.From, r.To} {
		if p.IsValid() {
			return []uint8{addressFamily(p.Addr())}
		}
	}
	return []uint8{unix.AF_INET, unix.AF_INET6}
}

// rule is struct fib_rule_hdr with its attributes.
func (m *messages) rule(family uint8, r spec.Rule) {
	m.buf = append(m.buf, family, length(r.To), length(r.From), 0, unix.RT_TABLE_UNSPEC, 0, 0, toTable, 0, 0, 0, 0)
	if r.To.IsValid() {
		m.addr(fraDst, r.To.Masked().Addr())
	}
	if r.From.IsValid() {
		m.addr(fraSrc, r.From.Masked().Addr())
	}
	if r.FWMark != 0 {
		m.u32(fraFWMark, r.FWMark)
	}
	m.u32(fraTable, r.Table)
	m.u32(fraPriority, r.Priority)
	m.u8(fraProtocol, ProtoVRRP)
}

func length(p netip.Prefix) uint8 {
	if !p.IsValid() {
		return 0
	}
	return uint8(p.Bits())
}

// Rules lists those tagged as ours, IPv4 first. The kernel keeps neither instance nor name of a rule.
func (l *Links) Rules() (out []spec.Rule, err error) {
	err = settled(func() error {
		out = out[:0]
		for _, family := range []uint8{unix.AF_INET, unix.AF_INET6} {
			m := l.socket.begin(unix.RTM_GETRULE, unix.NLM_F_DUMP)
			m.buf = append(m.buf, family, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
			m.end()
			err := l.socket.ask(func(a answer) error {
				r, ours, err := decodeRule(a.body)
				if ours && a.body[0] == family {
					out = append(out, r)
				}
				return err
			})
			if err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("list rules: %w", err)
	}
	return out, nil
}

func decodeRule(body []byte) (out spec.Rule, ours bool, err error) {
	if len(body) < ruleHeader {
		return spec.Rule{}, false, fmt.Errorf("decode rule: %w", errShort)
	}
	out.Table = uint32(body[4])
	at := attrs{rest: body[ruleHeader:]}
	for at.next() {
		switch at.typ {
		case fraDst:
			out.To = rulePrefix(at.val, body[1])
		case fraSrc:
			out.From = rulePrefix(at.val, body[2])
		case fraFWMark:
			out.FWMark = at.u32()
		case fraTable:
			out.Table = at.u32()
		case fraPriority:
			out.Priority = at.u32()
		case fraProtocol:
			ours = at.u8() == ProtoVRRP
		}
	}
	return out, ours, wrong("rule", at.err)
}

func rulePrefix(b []byte, bits uint8) netip.Prefix {
	a, _ := netip.AddrFromSlice(b)
	return netip.PrefixFrom(a, int(bits))
}
