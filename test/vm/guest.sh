#!/bin/sh
# Second part of the machine's start, with the host's programs: mounts what a version 2 host has, runs the command, tells its
# status on the console, and switches the machine off. No systemd: its cgroup set-up is done by hand.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 NO_COLOR=1
. /etc/tlab-vm
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs dev /dev
mkdir -p /dev/pts /dev/shm /dev/mqueue
mount -t devpts -o gid=5,mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs shm /dev/shm
mount -t mqueue mqueue /dev/mqueue
ln -sf /proc/self/fd /dev/fd
# A layer on a layer is refused by the kernel, so what holds snapshots is plain memory.
for folder in /run /tmp /var/tmp /var/lib; do mount -t tmpfs -o mode=1777 memory "$folder"; done
mkdir /var/lib/tlab
cp -a /library /var/lib/tlab/
mount -t cgroup2 -o nsdelegate cgroup2 /sys/fs/cgroup
echo '+cpu +io +memory +pids' >/sys/fs/cgroup/cgroup.subtree_control
mkdir /sys/fs/cgroup/init.scope
echo 1 >/sys/fs/cgroup/init.scope/cgroup.procs
hostname tlab-vm
ip link set lo up
modprobe loop
cd /checkout || busybox poweroff -f
export PATH="/checkout/node_modules/.bin:$PATH"
/usr/bin/setsid -w sh -c "$COMMAND" </dev/null 2>&1
echo "vm: status $?"
sync
busybox poweroff -f
