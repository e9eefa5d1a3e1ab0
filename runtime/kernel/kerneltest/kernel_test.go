package kerneltest_test

import (
	"testing"

	"github.com/lbsync/lbsync/runtime/kernel/kerneltest"
)

func TestFakeConforms(t *testing.T) {
	kerneltest.Conformance(t, func(t *testing.T) kerneltest.Subject {
		k := kerneltest.New()
		for _, i := range kerneltest.Interfaces {
			k.Interfaces[i.Name] = i
		}
		return k
	})
}
