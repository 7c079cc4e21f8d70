#!/bin/sh
# Records traces/limits-v2.jsonl in the virtual machine of test/vm with systemd and cgroup version 2, which this host may not have. As root.
# The machine sees the checkout read-only, so the trace comes back over its console.
set -eu
cd "$(dirname "$0")/.."
PATH=$PWD/node_modules/.bin:$PATH node test/vm/run.ts --machine systemd '
	mkdir -p /opt/tlab
	mount --bind /checkout /opt/tlab
	cd /opt/tlab
	export PATH=/opt/tlab/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	unset MACHINE TLAB_VM OLDPWD
	tlab trace script --no-syscalls --level 0 traces/limits-v2.sh
	tlab trace export --format jsonl | gzip -9 | base64 -w 200 | sed "s/^/trace: /"
' | tr -d '\r' | sed -n 's/^trace: //p' | base64 -d | gunzip >traces/limits-v2.jsonl
