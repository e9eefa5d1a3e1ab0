package health

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// used is the processor time of this process, in user and kernel.
func used() time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// resident is the resident set of this process.
func resident() (int64, error) {
	text, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0, fmt.Errorf("read memory: %w", err)
	}
	return residentOf(string(text))
}

// residentOf reads the second number of /proc/PID/statm, in pages.
func residentOf(statm string) (int64, error) {
	words := strings.Fields(statm)
	if len(words) < 2 {
		return 0, fmt.Errorf("read memory: statm is %q", statm)
	}
	pages, err := strconv.ParseInt(words[1], 10, 64)
	return pages * int64(os.Getpagesize()), err
}
