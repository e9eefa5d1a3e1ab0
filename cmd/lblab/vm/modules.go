package vm

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// early are the modules the init script needs to reach the host's root and the conversation.
var early = []string{"virtio_pci", "virtio_rng", "virtio_console", "9pnet_virtio", "9p", "overlay"}

// loadOrder reads a modules.dep and gives the files to insmod for the named modules, each after what it depends on.
// The order is computed and not written down because it differs between kernel builds; a module the kernel has built in
// is not in modules.dep and is an error unless builtin (modules.builtin) lists it.
func loadOrder(dep, builtin string, names []string) ([]string, error) {
	needs := map[string][]string{}
	files := map[string]string{}
	for line := range strings.Lines(dep) {
		file, rest, found := strings.Cut(strings.TrimSpace(line), ":")
		if found {
			needs[file] = strings.Fields(rest)
			files[moduleName(file)] = file
		}
	}
	var order []string
	for _, name := range names {
		file, found := files[name]
		if !found {
			if slices.ContainsFunc(strings.Fields(builtin), func(f string) bool { return moduleName(f) == name }) {
				continue
			}
			return nil, fmt.Errorf("find module %s: this kernel has none", name)
		}
		// modules.dep lists all dependencies, the one to load first at the end.
		slices.Reverse(needs[file])
		for _, f := range append(needs[file], file) {
			if !slices.Contains(order, f) {
				order = append(order, f)
			}
		}
	}
	return order, nil
}

// moduleName: the kernel takes - and _ as the same.
func moduleName(file string) string {
	name, _, _ := strings.Cut(path.Base(file), ".ko")
	return strings.ReplaceAll(name, "-", "_")
}
