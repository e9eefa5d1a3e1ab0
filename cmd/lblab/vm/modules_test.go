package vm

import (
	"slices"
	"strings"
	"testing"
)

const dep = `kernel/fs/9p/9p.ko: kernel/net/9p/9pnet.ko kernel/fs/fscache/fscache.ko kernel/fs/netfs/netfs.ko
kernel/net/9p/9pnet.ko:
kernel/fs/netfs/netfs.ko:
kernel/fs/fscache/fscache.ko: kernel/fs/netfs/netfs.ko
kernel/net/9p/9pnet_virtio.ko: kernel/net/9p/9pnet.ko kernel/drivers/virtio/virtio.ko
kernel/drivers/virtio/virtio.ko:
kernel/drivers/char/hw_random/virtio-rng.ko: kernel/drivers/virtio/virtio.ko
`

func TestLoadOrderPutsDependenciesFirst(t *testing.T) {
	got, err := loadOrder(dep, "kernel/fs/overlayfs/overlay.ko\n", []string{"9pnet_virtio", "virtio_rng", "9p", "overlay"})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, f := range got {
		names = append(names, moduleName(f))
	}
	want := []string{"virtio", "9pnet", "9pnet_virtio", "virtio_rng", "netfs", "fscache", "9p"}
	if !slices.Equal(names, want) {
		t.Errorf("order %v, want %v", names, want)
	}
}

func TestLoadOrderRefusesUnknown(t *testing.T) {
	_, err := loadOrder(dep, "", []string{"overlay"})
	if err == nil || !strings.Contains(err.Error(), "find module overlay") {
		t.Errorf("error %v", err)
	}
}

func TestModuleEntriesRefuseCompressed(t *testing.T) {
	_, err := moduleEntries(t.TempDir(), []string{"kernel/fs/9p/9p.ko.xz"})
	if err == nil || !strings.Contains(err.Error(), "compressed") {
		t.Errorf("error %v", err)
	}
}
