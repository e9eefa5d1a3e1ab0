package debian

import "testing"

func TestPickKernel(t *testing.T) {
	for name, c := range map[string]struct{ depends, want string }{
		"signed":       {"linux-image-amd64\n  Depends: linux-image-6.1.0-56-amd64\n", "linux-image-6.1.0-56-amd64"},
		"both":         {"linux-image-amd64\n |Depends: linux-image-6.1.0-56-amd64-unsigned\n  Depends: linux-image-6.1.0-56-amd64\n", "linux-image-6.1.0-56-amd64"},
		"unsigned":     {"linux-image-amd64\n  Depends: linux-image-6.1.0-56-amd64-unsigned\n", "linux-image-6.1.0-56-amd64-unsigned"},
		"alternatives": {"linux-image-amd64\n  Depends: firmware\n  Breaks: other\n", ""},
		"nothing":      {"", ""},
	} {
		if got := pickKernel(c.depends); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestUnxzSaysWhatIsWrong(t *testing.T) {
	if Program("xz") == "" {
		t.Skip("needs xz-utils")
	}
	if out, err := Unxz([]byte("no xz at all")); err == nil {
		t.Errorf("unpacked to %q", out)
	}
}
