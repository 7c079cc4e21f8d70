# What the low-level runtimes weigh, in bytes; and one image under two of them, exchanged by name.
stat --dereference --format '%s bytes: %n' /usr/sbin/runc
stat --dereference --format '%s bytes: %n' /usr/bin/crun
stat --dereference --format '%s bytes: %n' dist/bin/tlab-runc
tlab run --rm busybox grep -E 'NSpid|CapEff' /proc/self/status
tlab run --rm --runtime runc busybox grep -E 'NSpid|CapEff' /proc/self/status
