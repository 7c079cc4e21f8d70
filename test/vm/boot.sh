#!/bin/busybox sh
# First process of the machine, in its initial file system: makes the host's files its root, under a writable layer in memory,
# and hands over to bare.sh or systemd.sh there.
# Rule: nothing is written to the host; the share is read-only in the machine and in qemu.
/bin/busybox --install -s /bin
mkdir -p /proc /sys /host /layer /root
mount -t proc proc /proc
. /settings
for module in /modules/*.ko; do insmod "$module" || echo "vm: $module is not loaded"; done
mount -t 9p -o trans=virtio,version=9p2000.L,msize=512000,cache=loose,ro host /host || poweroff -f
mount -t tmpfs -o mode=755 layer /layer
mkdir /layer/upper /layer/work
mount -t overlay -o lowerdir=/host,upperdir=/layer/upper,workdir=/layer/work root /root || poweroff -f
mkdir -p /root/lib/modules /root/checkout /root/node_modules /root/library
mount --bind "/host$MODULES" /root/lib/modules
mount --bind "/host$CHECKOUT" /root/checkout
mount --bind "/host$NODE_MODULES" /root/node_modules
mount --bind "/host$LIBRARY" /root/library
[ -e /root/sbin/modprobe ] || ln -s /bin/busybox /root/sbin/modprobe
# A layer on a layer is refused by the kernel, so what holds snapshots is plain memory.
for folder in /run /tmp /var/tmp /var/lib; do mount -t tmpfs -o mode=1777 memory "/root$folder"; done
chmod 755 /root/run /root/var/lib
mkdir /root/var/lib/tlab
cp -a /root/library /root/var/lib/tlab/
cp /settings /root/etc/tlab-vm
echo tlab-vm >/root/etc/hostname
umount /proc
exec switch_root /root /bin/sh "/checkout/test/vm/$SCRIPT.sh"
