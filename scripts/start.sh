#!/bin/sh
# `npm start`: set-up, the offline images, and the main job: nginx through six stages, traced.
set -eu
cd "$(dirname "$0")/.."

if [ "$(id -u)" -ne 0 ]; then
	printf '%s\n' 'npm start makes containers and so needs root.' 'try: sudo npm start' >&2
	exit 1
fi
sh scripts/setup.sh
PATH="$PWD/node_modules/.bin:$PATH"

tlab library build busybox nginx

state=$(tlab inspect --format '{{.State.Status}}' nginx 2>/dev/null || true)
case $state in
running) printf '%s\n' 'A container named nginx runs already: this is how it was started.' && tlab trace show ;;
'') tlab trace run -d -p 8080:80 --name nginx nginx ;;
*) printf '%s\n' "A container named nginx is there and $state: starting it." && tlab start nginx ;;
esac

as=${SUDO_USER:+sudo }
cat <<TEXT

nginx answers on http://localhost:8080
Look closer:
  ${as}npx tlab trace show --level 2      doors, layers, mounts, cgroups, rules
  ${as}npx tlab trace show --level 3      every system call, decoded
  ${as}npx tlab why 120                   why event 120 happened
  ${as}npx tlab ps                        what runs
  ${as}npx tlab exec -it nginx sh         look around inside
  ${as}npx tlab rm -f nginx               remove it
  ${as}npx tlab system reset              remove everything that tlab made
TEXT
