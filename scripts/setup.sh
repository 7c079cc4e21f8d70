#!/bin/sh
# Brings a machine that has Node 20 or later, npm and apt to where tlab runs: Debian packages, npm packages (with the pinned Node),
# native programs, bundles. Each step looks first and does nothing when its work is there; `setup.sh test` adds what only tests need.
set -eu
cd "$(dirname "$0")/.."

say() { printf '%s\n' "tlab set-up: $*" >&2; }

# What tlab needs to run and to be built, and the programs that most lessons have people type.
packages='gcc make libc6-dev linux-libc-dev musl-tools libseccomp2 libarchive-dev iptables iproute2 procps ca-certificates curl'
# What the tracer of system calls is built with: a compiler for BPF, and libbpf. Without them tlab runs; traces say that they see none.
tracer_packages='clang libbpf-dev'
# Real programs that the tests and the benchmark compare with or speak to.
test_packages='libclang-rt-dev docker.io containerd runc crun runsc skopeo umoci buildah podman docker-registry busybox-static strace tmux jq tini python3 openssl uidmap
attr libcap2-bin zstd systemd dbus apparmor qemu-system-x86 qemu-user-static gcc-aarch64-linux-gnu libc6-dev-arm64-cross'

missing() {
	for package; do
		[ "$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null)" = installed ] || printf '%s ' "$package"
	done
}

install_packages() {
	wanted=$(missing "$@")
	[ -z "$wanted" ] && return 0
	if [ "$(id -u)" -ne 0 ]; then
		say "these Debian packages are missing: $wanted"
		say "install them as root: apt-get install $wanted"
		return 0
	fi
	say "installing Debian packages: $wanted"
	# Lists may be absent or old: fetch them once when the install does not go through as it is.
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wanted >/dev/null 2>&1 && return 0
	apt-get update -qq
	# shellcheck disable=SC2086
	DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $wanted >/dev/null
}

if command -v apt-get >/dev/null; then
	# shellcheck disable=SC2086
	install_packages $packages
	# shellcheck disable=SC2086
	install_packages $tracer_packages || say "traces will show no system calls: could not install $tracer_packages"
	# shellcheck disable=SC2086
	[ "${1:-}" = test ] && install_packages $test_packages
fi

lock=$(sha256sum package-lock.json | cut -c1-64)
if [ "$(cat node_modules/.tlab-lock 2>/dev/null)" != "$lock" ]; then
	say 'installing npm packages, with the Node that tlab pins'
	npm ci --no-audit --no-fund --loglevel=error >&2
	printf '%s\n' "$lock" >node_modules/.tlab-lock
fi
ln -sf ../../bin/tlab ../../bin/tlab-runc node_modules/.bin/
PATH="$PWD/node_modules/.bin:$PATH"

make -C native -q >/dev/null 2>&1 || { say 'building the native programs'; make -C native --silent --no-print-directory; }
if [ ! -e dist/tlab.cjs ] || [ -n "$(find src scripts package-lock.json -newer dist/tlab.cjs -type f -print -quit)" ]; then
	say 'bundling the TypeScript stages'
	node scripts/build.ts
fi
