package kernel

import (
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

// AddRules adds virtual rules, tagged ProtoVRRP. A rule without prefixes is of the family given. Errors are in the order of rows;
// unix.EEXIST: there is an equal one.
func (l *Links) AddRules(family spec.Family, rows spec.Rows[spec.RuleKey, spec.Rule]) []error {
	errs := l.rules(family, rows, unix.RTM_NEWRULE, unix.NLM_F_CREATE|unix.NLM_F_EXCL)
	return naming(errs, func(i int) string { return "add rule " + rows[i].Key.Name })
}

// DelRules removes virtual rules, only those tagged as ours. unix.ENOENT: it was not there.
func (l *Links) DelRules(family spec.Family, rows spec.Rows[spec.RuleKey, spec.Rule]) []error {
	errs := l.rules(family, rows, unix.RTM_DELRULE, 0)
	return naming(errs, func(i int) string { return "remove rule " + rows[i].Key.Name })
}

func (l *Links) rules(family spec.Family, rows spec.Rows[spec.RuleKey, spec.Rule], typ, flags uint16) []error {
	return l.socket.pack(len(rows), func(i int) error {
		r := rows[i].Value
		if r.From.IsValid() && r.To.IsValid() && r.From.Addr().Is4() != r.To.Addr().Is4() {
			return fmt.Errorf("from %s and to %s are of different families", r.From, r.To)
		}
		l.socket.begin(typ, flags).rule(ruleFamily(family, r), r)
		return nil
	})
}

func ruleFamily(family spec.Family, r spec.Rule) uint8 {
	for _, p := range []netip.Prefix{r.From, r.To} {
		if p.IsValid() {
			return addressFamily(p.Addr())
		}
	}
	if family == spec.IPv6 {
		return unix.AF_INET6
	}
	return unix.AF_INET
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
