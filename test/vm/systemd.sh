#!/bin/sh
# The machine with systemd: the host's units stay out, so that it is up in seconds; of Debian's own, dbus is started. systemd then
# mounts the cgroups as on any Debian host, and runs the command as a service.
# Were this file there, systemd would take the machine for a container.
rm -f /.dockerenv
rm -rf /etc/systemd/system /lib/systemd/system-generators /etc/fstab
cp -r /checkout/test/vm/units /etc/systemd/system
[ -s /etc/machine-id ] || echo 746c6162746c6162746c6162746c6162 >/etc/machine-id
exec /lib/systemd/systemd --unit=tlab-vm.service
