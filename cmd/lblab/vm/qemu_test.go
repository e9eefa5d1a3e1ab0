package vm

import (
	"encoding/binary"
	"slices"
	"strings"
	"testing"
)

func TestArgs(t *testing.T) {
	m := Machine{
		Kernel: "/k", Initramfs: "/i", Lblab: "/tmp/x/lblab", Socket: "/tmp/x/socket", Log: "/tmp/x/log",
		Memory: 512, CPUs: 3, Shares: []string{"/out", "/a,b"},
	}
	args := strings.Join(m.Args(), " ")
	for _, want := range []string{
		"-accel tcg,thread=multi", "-smp 3", "-m 512", "-kernel /k", "-initrd /i",
		"panic=-1 lblab=/tmp/x/lblab", "-no-reboot",
		"local,path=/,mount_tag=root,security_model=none,multidevs=remap,readonly=on",
		"local,path=/out,mount_tag=share0,security_model=none,multidevs=remap -virtfs",
		"local,path=/a,,b,mount_tag=share1,",
	} {
		if !strings.Contains(args, want) {
			t.Errorf("no %q in %s", want, args)
		}
	}
	if n := strings.Count(args, "readonly=on"); n != 1 {
		t.Errorf("%d read-only exports, want the root alone", n)
	}
}

func TestPayload(t *testing.T) {
	image := make([]byte, 4096)
	image[0x1f1] = 3
	copy(image[0x202:], "HdrS")
	binary.LittleEndian.PutUint32(image[0x248:], 100)
	binary.LittleEndian.PutUint32(image[0x24c:], 9)
	copy(image[4*512+100:], "abcdeSIZE")
	got, err := Payload(image)
	if err != nil || string(got) != "abcde" {
		t.Errorf("payload %q, %v", got, err)
	}
	binary.LittleEndian.PutUint32(image[0x24c:], 4000)
	for name, bad := range map[string][]byte{"short": image[:100], "no magic": make([]byte, 4096), "beyond the end": image} {
		if _, err := Payload(bad); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestLastWordsEndAtThePanic(t *testing.T) {
	log := strings.Repeat("boot\n", 100) + "why\n[ 4.1] Kernel panic - not syncing\n" + strings.Repeat(" trace\n", 60)
	lines := strings.Split(lastWords(log), "\n")
	if len(lines) != 40 || !slices.Equal(lines[38:], []string{"why", "[ 4.1] Kernel panic - not syncing"}) {
		t.Errorf("%d lines, the last %q", len(lines), lines[len(lines)-2:])
	}
	if got := lastWords("a\nb\n"); got != "a\nb" {
		t.Errorf("without a panic: %q", got)
	}
}
