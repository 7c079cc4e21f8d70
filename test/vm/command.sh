#!/bin/sh
# Third part of the machine's start, the same with and without systemd: runs the command, tells its status on the console, and
# switches the machine off.
export PATH=/checkout/node_modules/.bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export HOME=/root LANG=C.UTF-8 NO_COLOR=1 TLAB_PATIENCE=5
# What is compiled once is not compiled again: the checkout is read-only.
export NODE_COMPILE_CACHE=/var/tmp/compile-cache
. /etc/tlab-vm
export MACHINE TLAB_VM="$MACHINE"
modprobe loop
cd /checkout || busybox poweroff -f
sh -c "$COMMAND"
echo "vm: status $?"
sync
busybox poweroff -f
