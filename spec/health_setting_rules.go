package spec

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"path"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
)

// Payload is what is sent for the setting payload: the text, or the octets behind "hex:", as keepalived writes them.
func Payload(written string) ([]byte, error) {
	digits, ok := strings.CutPrefix(written, "hex:")
	if !ok {
		return []byte(written), nil
	}
	return hex.DecodeString(strings.Join(strings.Fields(digits), ""))
}

// settingRules say what is wrong with a value, and what to write; "": nothing.
var settingRules = map[string]func(h *HealthCheck, text string) string{
	"path": wrongPath, "host": wrongHost, "sni": wrongSNI, "body": wrongExpression, "reply": wrongExpression, "headers": wrongHeader,
	"ca_file": wrongFile, "cert_file": wrongFile, "key_file": wrongFile, "payload": wrongPayload, "name": wrongName,
	"command": wrongProgram,
}

func wrongPath(h *HealthCheck, text string) string {
	if h.Kind == "file" {
		return wrongFile(h, text)
	}
	if !strings.HasPrefix(text, "/") {
		return fmt.Sprintf("%q is not the path of a request: write one that begins with /.", text)
	}
	// A blank would end the path, and what is not printable ASCII has no place in a request (RFC 3986, section 2; RFC 9112, section 3).
	for _, c := range text {
		if c <= ' ' || c > '~' || c == '#' {
			return fmt.Sprintf("%q has the character %q, which the path of a request cannot have: write it as %s.", text, c, url.PathEscape(string(c)))
		}
	}
	if _, err := url.ParseRequestURI(text); err != nil {
		return fmt.Sprintf("%q is not the path of a request: write two hexadecimal digits behind each %%, and %%25 for the character itself.", text)
	}
	return ""
}

func wrongFile(_ *HealthCheck, text string) string {
	if !path.IsAbs(text) || path.Clean(text) != text {
		return fmt.Sprintf("%q is not an absolute path: write the whole one, as it is on the director.", text)
	}
	return ""
}

// wrongProgram judges the first word, which is all that has a form.
func wrongProgram(h *HealthCheck, text string) string {
	if text != h.Setting("command")[0] || path.IsAbs(text) {
		return ""
	}
	return fmt.Sprintf("%q is not an absolute path, and no shell looks for it: write it whole, and each argument as an element of its own.", text)
}

// wrongHost takes what a Host header (RFC 9110, section 7.2) or EHLO can have: a name or an address, and a port for HTTP.
func wrongHost(h *HealthCheck, text string) string {
	if i := strings.IndexFunc(text, func(c rune) bool { return c <= ' ' || c > '~' || strings.ContainsRune(`/\@?#"<>`, c) }); i >= 0 {
		return fmt.Sprintf("%q is not the name of a host: write a name as in DNS, in Punycode where it is not ASCII.", text)
	}
	if _, err := netip.ParseAddr(text); err == nil && strings.Contains(text, ":") {
		return fmt.Sprintf("%q is an IPv6 address without brackets: write \"[%s]\".", text, text)
	}
	if h.Kind == "smtp" && strings.Contains(text, ":") && !strings.HasPrefix(text, "[") {
		return fmt.Sprintf("%q is no name for EHLO: write it without a port, and an address in square brackets.", text)
	}
	return ""
}

func wrongSNI(_ *HealthCheck, text string) string {
	if _, err := netip.ParseAddr(text); err == nil {
		return fmt.Sprintf("%q is an address, and SNI is a name (RFC 6066, section 3): leave sni out, and the certificate has to have the address.", text)
	}
	return wrongDomain(text)
}

func wrongName(_ *HealthCheck, text string) string { return wrongDomain(text) }

// wrongDomain allows what DNS allows: labels of any printable text.
func wrongDomain(text string) string {
	bad := text != "." && slices.ContainsFunc(strings.Split(strings.TrimSuffix(text, "."), "."), func(label string) bool {
		return label == "" || len(label) > 63 || strings.ContainsFunc(label, func(c rune) bool { return c <= ' ' || c > '~' })
	})
	if bad {
		return fmt.Sprintf("%q is not a name of DNS: its labels have 1 to 63 characters (RFC 1035, section 2.3.4), in Punycode where they are not ASCII.", text)
	}
	return ""
}

func wrongExpression(_ *HealthCheck, text string) string {
	_, err := regexp.Compile(text)
	if err == nil {
		return ""
	}
	why := err.Error()
	if e, ok := errors.AsType[*syntax.Error](err); ok {
		why = e.Code.String()
		if e.Expr != text {
			why += " " + e.Expr
		}
	}
	return fmt.Sprintf("%q is no regular expression, %s: write it in the syntax of RE2; a character that stands for itself has \\\\ before it.", text, why)
}

// ownHeaders are written by the check itself.
var ownHeaders = map[string]string{
	"host": "write host", "connection": "leave it out", "content-length": "leave it out", "transfer-encoding": "leave it out", "te": "leave it out",
	"upgrade": "leave it out", "trailer": "leave it out", "keep-alive": "leave it out", "proxy-connection": "leave it out",
}

// wrongHeader holds names to tokens and values to one line (RFC 9110, sections 5.1 and 5.5).
func wrongHeader(_ *HealthCheck, line string) string {
	name, value, _ := strings.Cut(line, ": ")
	const tokens = "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	if name == "" || strings.ContainsFunc(name, func(c rune) bool { return !strings.ContainsRune(tokens, c) }) {
		return fmt.Sprintf("%q is not the name of a header: write letters, digits and hyphens.", name)
	}
	if do, own := ownHeaders[strings.ToLower(name)]; own {
		return fmt.Sprintf("The check writes %s itself: %s.", name, do)
	}
	if strings.ContainsAny(value, "\n\r\x00") {
		return fmt.Sprintf("The value of %s has several lines: write one.", name)
	}
	return ""
}

func wrongPayload(_ *HealthCheck, text string) string {
	if _, err := Payload(text); err != nil {
		return fmt.Sprintf("%q has something else than pairs of hexadecimal digits behind hex: write those, or the text without hex:.", text)
	}
	return ""
}
