#!/bin/sh
# Records traces/ anew, each by the command in its header, on this host's own engine. A trace holds the folder that tlab runs from,
# so it is recorded from a clone in /opt/tlab. Needs root and that nothing of tlab runs.
set -eu
here=$(cd "$(dirname "$0")/.." && pwd)
[ ! -e /opt/tlab ] || { printf '%s\n' '/opt/tlab exists: move it away first' >&2; exit 1; }
trap 'rm -rf /opt/tlab' EXIT
git clone -q "$here" /opt/tlab
cd /opt/tlab
sh scripts/setup.sh
# Paths of the search path are in the recorded calls: only those that every machine has.
PATH=/opt/tlab/node_modules/.bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin

tlab system reset --yes
tlab library build busybox nginx
tlab system start
tlab trace run -d -p 8080:80 --name nginx nginx
tlab trace export --format jsonl --output "$here/traces/run-nginx.jsonl"
tlab system reset --yes
printf '%s\n' 'The README shows numbers of this trace: node --test test/viewer/readme.test.ts tells which lines are old.'
