package director

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/lbsync/lbsync/spec"
)

// longestPass is the length of the password of version 2 (RFC 2338, section 5.3.6.1; keepalived cuts longer ones in silence).
const longestPass = 8

// SecretsIn reads secrets from a folder, in which each is a file of its name. A newline at its end does not count.
func SecretsIn(folder string) func(name string) (string, error) {
	return func(name string) (string, error) {
		root, err := os.OpenRoot(folder) // a name with .. in it ends here
		if err != nil {
			return "", err
		}
		b, err := root.ReadFile(name)
		if err := errors.Join(err, root.Close()); err != nil {
			return "", fmt.Errorf("%w; write it to %s, readable by root alone", err, filepath.Join(folder, name))
		}
		return strings.TrimRight(string(b), "\r\n"), nil
	}
}

// secrets are those that instances name. An error says which and why, and never what is in it.
func (v *VRRP) secrets(rows spec.Rows[spec.InstanceKey, spec.Instance]) (map[string]string, error) {
	out := map[string]string{}
	for _, r := range rows {
		name := r.Value.Secret
		if _, known := out[name]; known || name == "" {
			continue
		}
		s, err := v.Secret(name)
		switch {
		case err != nil:
		case s == "":
			err = errors.New("it is empty")
		case len(s) > longestPass:
			err = fmt.Errorf("it has %d bytes, and the password of version 2 has at most %d: shorten it on all directors", len(s), longestPass)
		}
		if err != nil {
			return nil, fmt.Errorf("secret %q of vrrp_instance %q: %w", name, r.Key, err)
		}
		out[name] = s
	}
	return out, nil
}
