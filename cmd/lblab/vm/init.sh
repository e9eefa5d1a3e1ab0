#!/bin/busybox sh
# The first process of the machine: modules, the host's root under a tmpfs, and on to lblab. The kernel panics when it ends early.
set -e
busybox=/bin/busybox
$busybox mkdir -p /proc /sys /dev /host /upper /root
$busybox mount -t proc proc /proc
$busybox mount -t sysfs sysfs /sys
$busybox mount -t devtmpfs devtmpfs /dev
while read -r module; do
	$busybox insmod "/modules/$module"
done </modules/order
$busybox mount -t 9p -o ro,trans=virtio,version=9p2000.L,cache=loose,msize=524288 root /host
$busybox mount -t tmpfs -o size=80% tmpfs /upper
$busybox mkdir /upper/data /upper/work
$busybox mount -t overlay -o lowerdir=/host,upperdir=/upper/data,workdir=/upper/work overlay /root
for dir in proc sys dev; do
	$busybox mkdir -p "/root/$dir"
	$busybox mount -o move "/$dir" "/root/$dir"
done
for word in $($busybox cat /root/proc/cmdline); do
	case $word in lblab=*) lblab=${word#lblab=} ;; esac
done
exec $busybox switch_root /root "$lblab" inside --port
