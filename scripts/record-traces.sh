#!/bin/sh
# Records traces/ anew, all of them or those that are named, each by the command in its header: sh scripts/record-traces.sh [NAME…]
# The engine that is recorded has the usual places, /run/tlab, /var/lib/tlab and /opt/tlab, in mount, network and process namespaces of its own:
# this host's own tlab is not touched, and the traces hold no path of it. Needs root, and what `sh scripts/setup.sh` installs.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)

if [ -z "${TLAB_RECORDING:-}" ]; then
	sh "$here/scripts/setup.sh"
	places=$(mktemp -d /var/tmp/tlab-record-XXXXXX)
	# The mount points, when nobody else uses them.
	trap 'rm -rf "$places"; rmdir /run/tlab /var/lib/tlab 2>/dev/null || true' EXIT
	unset TLAB_RUN_ROOT TLAB_DATA_ROOT TLAB_CONFIG TLAB_TRACES TLAB_PROGRESS TLAB_HOST
	TLAB_RECORDING=$places unshare --mount sh "$here/scripts/record-traces.sh" "$@"
	exit
fi

mkdir -p "$TLAB_RECORDING/run" "$TLAB_RECORDING/data" /run/tlab /var/lib/tlab
mount --bind "$TLAB_RECORDING/run" /run/tlab
mount --bind "$TLAB_RECORDING/data" /var/lib/tlab
[ ! -d /etc/tlab ] || mount -t tmpfs tmpfs /etc/tlab
# /opt as long as this lasts: only tlab is in it. A copy, since /proc/self/mountinfo, which is read, would say from where a mount came.
mkdir "$TLAB_RECORDING/opt" "$TLAB_RECORDING/opt/tlab"
tar -C "$here" --exclude=./.git -c . | tar -C "$TLAB_RECORDING/opt/tlab" -x
mount --rbind "$TLAB_RECORDING/opt" /opt
cd /opt/tlab
# Paths of the search path are in the recorded calls: only those that every machine has. No name or folder of whoever records.
PATH=/opt/tlab/node_modules/.bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
export PATH HOME=/root USER=root LOGNAME=root
mkdir /opt/registry
unset TLAB_RECORDING OLDPWD SUDO_USER SUDO_COMMAND SUDO_UID SUDO_GID MAIL

# The library that the tests have built, where there is one.
[ ! -d dist/test/library ] || cp -r dist/test/library /var/lib/tlab/library
tlab library build busybox nginx

# The tracer of system calls counts processes as the host does, so the traces that have them are recorded without a process namespace.
[ $# -gt 0 ] || set -- run-nginx copy-up run-terminal build-multi-stage build-cached build-changed pull-shared-layers push \
	pull-token published-port two-containers bandwidth out-of-memory stop-and-kill exec daemon-killed containerd-killed watched \
	without-daemon runtimes review image-archive less-power user-namespace refused
for name; do
	case $name in
	run-nginx | copy-up | less-power | user-namespace) unshare --net sh scripts/record-one.sh "$name" ;;
	*) unshare --net --pid --fork --kill-child --mount-proc sh scripts/record-one.sh "$name" ;;
	esac
	cp "traces/$name.jsonl" "$here/traces/"
done
