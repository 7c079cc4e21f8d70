#!/bin/sh
# One trace for record-traces.sh, inside its namespaces: a fresh engine, what must be there first, the recording, the export to traces/.
# `record NAME COMMAND…`: the command is what the trace's header holds, after `tlab trace`.
set -eu
ip link set lo up
name=$1

fresh() {
	tlab system reset --keep-library --yes >/dev/null
	tlab system start >/dev/null
}

# Images and the bridge are there: the trace shows what is its own.
warm() {
	fresh
	tlab pull -q busybox >/dev/null
	tlab pull -q nginx >/dev/null
	tlab run --rm busybox true
}

registry=
serve() {
	tlab registry serve --quiet --storage "/opt/registry/$name" "$@" 2>/dev/null &
	registry=$!
	until curl -s -o /dev/null http://127.0.0.1:5000/v2/; do sleep 0.1; done
}

# A small image over busybox with a layer that all of these have, and one of its own.
image() {
	printf '%s\n' 'FROM busybox' 'RUN echo common >/common' "RUN echo $1 >/$1" | tlab build -q -t "127.0.0.1:5000/lab/$1" - >/dev/null
}

# Into a pipe: the calls of what is recorded would name the file or the terminal of whoever records.
record() {
	{ tlab trace "$@" || printf '%s\n' "$name: ended with $?"; } 2>&1 | cat
	tlab trace export --format jsonl --output "traces/$name.jsonl"
}

case $name in
run-nginx)
	fresh
	record run -d -p 8080:80 --name nginx nginx
	printf '%s\n' 'The README shows numbers of this trace: node --test test/viewer/readme.test.ts tells which lines are old.'
	;;
copy-up)
	warm
	record run --rm --network none nginx sh -c 'cat /usr/sbin/nginx >/dev/null; touch /usr/sbin/nginx; echo "# mine" >> /etc/nginx/nginx.conf; rm /etc/nginx/win-utf'
	;;
less-power)
	warm
	record run --rm --network none --read-only --tmpfs /run --cap-drop CHOWN busybox sh -c 'touch /here; touch /run/here; chown 1:1 /run/here'
	;;
user-namespace)
	warm
	record script traces/user-namespace.sh
	;;
run-terminal)
	warm
	command="tlab trace run --no-syscalls --rm -it busybox sh -c 'tty; stty size; ls -l /dev/console'"
	script -qec "stty rows 24 columns 80; $command" /dev/null
	tlab trace export --format jsonl --output traces/run-terminal.jsonl
	;;
build-multi-stage)
	warm
	record build --no-syscalls -t web traces/web
	;;
build-cached)
	warm
	tlab build -q -t words traces/words >/dev/null
	record build --no-syscalls -t words traces/words
	;;
build-changed)
	# The line that changes is the third of six; in a copy, which the header names.
	warm
	cp -r traces/words words
	tlab build -q -t words words >/dev/null
	echo 'copied first, and changed' >words/early.txt
	record build --no-syscalls -t words words
	rm -r words
	;;
pull-shared-layers)
	warm
	serve
	for one in first second; do
		image "$one"
		tlab push -q "127.0.0.1:5000/lab/$one" >/dev/null
	done
	fresh
	record script --no-syscalls traces/pull-shared-layers.sh
	;;
push)
	warm
	serve
	image page
	record script --no-syscalls traces/push.sh
	;;
pull-token)
	warm
	serve
	image page
	tlab push -q 127.0.0.1:5000/lab/page >/dev/null
	kill "$registry"
	wait "$registry" || true
	printf 'plum\n' >/opt/registry/password
	printf 'anna:%s\n' "$(openssl passwd -6 plum)" >/opt/registry/users
	serve --auth token --users /opt/registry/users
	export DOCKER_CONFIG=/opt/registry/login
	fresh
	record script --no-syscalls traces/pull-token.sh
	;;
*)
	warm
	# For ctr.
	export CONTAINERD_ADDRESS=/run/tlab/containerd/containerd.sock
	record script --no-syscalls "traces/$name.sh"
	;;
esac

[ -z "$registry" ] || kill "$registry"
tlab system reset --keep-library --yes
