package spec

import (
	"slices"
	"strconv"
	"strings"

	"github.com/lbsync/lbsync/spec/internal/schema"
)

// Kinds of check that share settings: those that reach a port, and those that can speak TLS.
var (
	portKinds = []string{"tcp", "http", "https", "udp", "dns", "smtp", "grpc"}
	tlsKinds  = []string{"https", "grpc"}
)

// settingKinds says which kinds of check an attribute is for.
var settingKinds = map[string][]string{
	"port": portKinds, "address": append(slices.Clone(portKinds), "ping"), "bind": append(slices.Clone(portKinds), "ping"),
	"real_path": portKinds,
	"path":      {"http", "https", "file"}, "method": {"http", "https"}, "host": {"http", "https", "smtp", "grpc"},
	"tls": {"grpc"}, "sni": tlsKinds, "ca_file": tlsKinds, "insecure": tlsKinds, "cert_file": tlsKinds, "key_file": tlsKinds,
	"status": {"http", "https"}, "body": {"http", "https"}, "headers": {"http", "https"},
	"payload": {"udp"}, "reply": {"udp"}, "name": {"dns"}, "type": {"dns"}, "service": {"grpc"},
	"command": {"exec"}, "weight_from_exit": {"exec"},
}

var checkSettingAttrs = []schema.Attr{
	{Name: "port", Kind: schema.Int, Min: 1, Max: 65535, Doc: "Port, instead of the real server's", Keepalived: "connect_port"},
	{Name: "address", Kind: schema.Address, Doc: "Address, instead of the real server's", Keepalived: "connect_ip"},
	{Name: "bind", Kind: schema.Address, Doc: "Source address", Keepalived: "bindto"},
	{Name: "real_path", Kind: schema.Bool, Doc: "true: to the virtual address, through a private service that has this real server alone: as a client's packets go, with forwarding dr and tun"},
	{Name: "path", MaxLen: 4096, Doc: "Path of the request, / if not written. Of a file: that is on the director and means up; missing, or with the first word down or 0, it means down"},
	{Name: "method", Kind: schema.Word, Words: []string{"GET", "HEAD", "POST"}, Doc: "Method of the request; GET if not written"},
	{Name: "host", MaxLen: 255, Doc: "Name of the host in the request, address and port if not written; of smtp the name in EHLO, the own address if not written", Keepalived: "virtualhost, helo_name"},
	{Name: "tls", Kind: schema.Bool, Doc: "true: over TLS; in plain text if not written"},
	{Name: "sni", MaxLen: 253, Doc: "Name of the server in TLS, which its certificate has to have; host if not written, else the address, which is not sent", Keepalived: "enable_sni, sni_name"},
	{Name: "ca_file", Doc: "PEM file on the director with the certificates that are trusted, read again when it changes; those of the system if not written"},
	{Name: "insecure", Kind: schema.Bool, Doc: "true: the certificate is not verified"},
	{Name: "cert_file", Doc: "PEM file on the director with the certificate that is shown to the server, read again when it changes"},
	{Name: "key_file", Doc: "PEM file on the director with the key of cert_file"},
	{Name: "status", Kind: schema.Int, Min: 200, Max: 599, List: true, Doc: "Codes that are a success; 200 to 299 if not written. Redirects are not followed", Keepalived: "status_code"},
	{Name: "body", MaxLen: 1024, Doc: "Regular expression (RE2) that the first 64 KiB of the body have to match", Keepalived: "regex"},
	{Name: "headers", Map: true, Doc: "Headers of the request"},
	{Name: "payload", MaxLen: 4096, Doc: "What is sent, as text or as \"hex:\" and hexadecimal digits, blanks among them; an empty datagram if not written"},
	{Name: "reply", MaxLen: 1024, Doc: "Regular expression (RE2) that the reply, its first 4096 bytes, has to match; .* takes any. Not written: any reply, or none and no ICMP error until nine tenths of timeout are over, is a success", Keepalived: "require_reply"},
	{Name: "name", MaxLen: 254, Doc: "Name that is asked for; NOERROR with a record of the type is the success"},
	{Name: "type", Kind: schema.Word, Words: []string{"A", "AAAA", "CNAME", "MX", "NS", "SOA", "TXT"}, Doc: "Type that is asked for; SOA if not written"},
	{Name: "service", MaxLen: 255, Doc: "Name of the service that is asked for (grpc.health.v1); the whole server if not written"},
	{Name: "command", List: true, Doc: "Program, by its absolute path on the director, and arguments; it gets LBSYNC_ADDRESS and LBSYNC_PORT (0: none) of the real server. Exit code 0 is a success", Keepalived: "misc_path"},
	{Name: "weight_from_exit", Kind: schema.Bool, Doc: "true: exit code 2 to 255 is a success too, with the weight 0 to 253; a shell ends with 126 or 127 where it finds no program", Keepalived: "misc_dynamic"},
}

// checkSettings are the attributes that only some kinds of check have.
func checkSettings() []schema.Field[HealthCheck] {
	fields := make([]schema.Field[HealthCheck], len(checkSettingAttrs))
	for i, a := range checkSettingAttrs {
		a.Doc += " (" + strings.Join(settingKinds[a.Name], ", ") + ")"
		fields[i] = schema.Field[HealthCheck]{Attr: a, Set: func(h *HealthCheck, v schema.Value) {
			for _, text := range settingTexts(a, v) {
				h.Settings = append(h.Settings, Attr{Name: a.Name, Value: text})
			}
		}}
	}
	return fields
}

// settingTexts is a setting in words, one for each element of a list or map.
func settingTexts(a schema.Attr, v schema.Value) []string {
	switch {
	case a.List:
		var words []string
		a.List = false
		for _, e := range v.List {
			words = append(words, settingTexts(a, e)...)
		}
		return words
	case a.Map:
		var words []string
		for k, e := range v.By {
			words = append(words, k+": "+e.Str)
		}
		slices.Sort(words)
		return words
	case a.Kind == schema.Int:
		return []string{strconv.FormatInt(v.Int, 10)}
	case a.Kind == schema.Bool:
		return []string{strconv.FormatBool(v.Bool)}
	case a.Kind == schema.Address:
		return []string{v.Addr.String()}
	}
	return []string{v.Str}
}
