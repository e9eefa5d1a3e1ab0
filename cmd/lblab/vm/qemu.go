// Package vm boots a small QEMU machine whose root is the host's, read-only, under a tmpfs.
package vm

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/lbsync/lbsync/cmd/lblab/wire"
)

// Program is the QEMU that Machine is for.
const Program = "qemu-system-x86_64"

// Machine is what to boot. All paths are absolute.
type Machine struct {
	Kernel    string // ELF with a PVH note, or bzImage
	Initramfs string
	Lblab     string // program that the initramfs starts in the host's root as "Lblab inside --port"
	Socket    string // unix socket of the conversation; somebody listens there
	Log       string // file that receives the kernel's messages
	Memory    int    // MB
	CPUs      int
	Shares    []string // directories of the host that are writable inside
}

// Args are QEMU's arguments. TCG is used even where /dev/kvm exists: nested KVM may be present and hang.
func (m Machine) Args() []string {
	args := []string{
		"-nodefaults", "-no-user-config", "-no-reboot", "-display", "none", "-name", "lblab",
		"-machine", "pc", "-accel", "tcg,thread=multi", "-cpu", "qemu64",
		"-smp", strconv.Itoa(m.CPUs), "-m", strconv.Itoa(m.Memory),
		"-kernel", m.Kernel, "-initrd", m.Initramfs,
		"-append", "console=ttyS0 quiet panic=-1 lblab=" + m.Lblab,
		"-chardev", "file,id=log,path=" + escape(m.Log), "-serial", "chardev:log",
		"-object", "rng-random,id=rng,filename=/dev/urandom", "-device", "virtio-rng-pci,rng=rng",
		"-device", "virtio-serial-pci",
		"-chardev", "socket,id=lblab,path=" + escape(m.Socket),
		"-device", "virtserialport,chardev=lblab,name=" + wire.Port,
		"-virtfs", share("/", "root") + ",readonly=on",
	}
	for i, dir := range m.Shares {
		args = append(args, "-virtfs", share(dir, wire.ShareTag(i)))
	}
	return args
}

// share: multidevs=remap keeps inode numbers of several host file systems apart.
func share(dir, tag string) string {
	return fmt.Sprintf("local,path=%s,mount_tag=%s,security_model=none,multidevs=remap", escape(dir), tag)
}

// escape: a comma ends a value for QEMU unless it is doubled.
func escape(path string) string {
	return strings.ReplaceAll(path, ",", ",,")
}
