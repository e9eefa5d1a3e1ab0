package vm

import (
	"bytes"
	"fmt"
	"os/exec"
	"testing"
)

func TestArchiveLayout(t *testing.T) {
	got := archive([]entry{{"ab", modeFile, []byte("12345")}})
	// 110 bytes of header, name and NUL, padded to 4; data, padded to 4; then the trailer.
	if len(got)%4 != 0 {
		t.Fatalf("%d bytes, not a multiple of 4", len(got))
	}
	if head := string(got[:22]); head != "070701"+"00000001"+"000081ed" {
		t.Errorf("header %s", head)
	}
	if size := string(got[54:62]); size != fmt.Sprintf("%08x", 5) {
		t.Errorf("size field %s", size)
	}
	if body := string(got[110:130]); body != "ab\x00\x00\x00\x00"+"12345\x00\x00\x00"+"070701" {
		t.Errorf("name, data and next header %q", body)
	}
}

// The other reader of this format that is at hand.
func TestBusyboxReadsArchive(t *testing.T) {
	busybox, err := exec.LookPath("busybox")
	if err != nil {
		t.Skip("needs busybox")
	}
	dir := t.TempDir()
	cmd := exec.Command(busybox, "sh", "-c", "busybox cpio -id 2>/dev/null; cat d/f; readlink d/l; test -x d/f && echo runs")
	cmd.Dir = dir
	cmd.Stdin = bytes.NewReader(archive([]entry{{"d", modeDir, nil}, {"d/f", modeFile, []byte("hello\n")}, {"d/l", modeLink, []byte("f")}}))
	out, err := cmd.CombinedOutput()
	if err != nil || string(out) != "hello\nf\nruns\n" {
		t.Errorf("%q, %v", out, err)
	}
}
