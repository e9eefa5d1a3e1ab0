package vm

import (
	_ "embed"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"strings"
)

//go:embed init.sh
var initScript []byte

// Initramfs builds the archive for the kernel whose modules are in dir (a /lib/modules/RELEASE with its modules.dep).
// busybox is the path of a static one.
func Initramfs(dir, busybox string) ([]byte, error) {
	dep, err := os.ReadFile(filepath.Join(dir, "modules.dep"))
	if err != nil {
		return nil, fmt.Errorf("build the initramfs: %w", err)
	}
	builtin, err := os.ReadFile(filepath.Join(dir, "modules.builtin"))
	if err != nil {
		return nil, fmt.Errorf("build the initramfs: %w", err)
	}
	order, err := loadOrder(string(dep), string(builtin), early)
	if err != nil {
		return nil, fmt.Errorf("build the initramfs: %w", err)
	}
	shell, err := os.ReadFile(busybox)
	if err != nil {
		return nil, fmt.Errorf("build the initramfs: %w", err)
	}
	entries := []entry{
		{"bin", modeDir, nil}, {"bin/busybox", modeFile, shell}, {"bin/sh", modeLink, []byte("busybox")},
		{"modules", modeDir, nil}, {"init", modeFile, initScript},
	}
	modules, err := moduleEntries(dir, order)
	if err != nil {
		return nil, fmt.Errorf("build the initramfs: %w", err)
	}
	return archive(append(entries, modules...)), nil
}

func moduleEntries(dir string, order []string) ([]entry, error) {
	var entries []entry
	var names strings.Builder
	for _, file := range order {
		if path.Ext(file) != ".ko" {
			return nil, fmt.Errorf("read module %s: it is compressed, and busybox insmod cannot load that", file)
		}
		data, err := os.ReadFile(filepath.Join(dir, file))
		if err != nil {
			return nil, err
		}
		entries = append(entries, entry{"modules/" + path.Base(file), modeFile, data})
		fmt.Fprintln(&names, path.Base(file))
	}
	return append(entries, entry{"modules/order", modeFile, []byte(names.String())}), nil
}
