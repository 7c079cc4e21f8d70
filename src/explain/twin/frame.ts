// The fixed parts of a twin script: its opening, its functions, how the container's first process is started and handed over.
// What stands here is the same in every script; what a run did comes from host.ts and inside.ts.

/** The lines of a block of shell. */
const text = (block: string): string[] => block.replace(/^\n/, '').replace(/\n$/, '').split('\n');

export const opening = (title: string, command: string): string[] => [
  '#!/bin/sh',
  `# ${title}`,
  `#   ${command}`,
  '#',
  '# The same container by hand: nothing below is tlab, only commands of util-linux, iproute2, iptables, coreutils and tar.',
  '# It makes links, rules, mounts and cgroups of this host as root: read it first. Names, values and commands come from the trace: one',
  '# of somebody else makes a script of somebody else. Making it ran none of them.',
  '#',
  '#   sh FILE          builds the container and starts its program',
  '#   sh FILE clean    takes it all back, the last step first',
  '#',
  '# Each block names the stage that did it, the event of the trace (`tlab why EVENT`) and the cause.',
  '#',
  '# What differs from the engine, and why:',
  '# - The root is changed last. The engine changes it before it sets names, masks and capabilities, by system calls; a shell needs',
  '#   programs for them, and an image may have none of them.',
  '# - One setpriv gives away groups, user, bounding set and inheritable capabilities at once.',
  '# - The root is changed from outside by nsenter, for a shell that has no privileges left.',
  '# - Operations that no shell command does are named where they belong: "not done by hand".',
  'set -eu',
  '',
];

export const hostFunctions: string[] = text(`

NEWLINE='
'
export NEWLINE
die() { echo "twin: $*" >&2; exit 1; }
# Remembers how to take a step back: a command, each word as the shell reads it back.
undo() {
  for text; do
    case $text in
      *"$NEWLINE"*) die "a newline in what is to be taken back: $text" ;;
      *[!A-Za-z0-9_./:=,+@%-]*) printf "'%s' " "$(printf '%s' "$text" | sed "s/'/'\\\\\\\\''/g")" ;;
      *) printf '%s ' "$text" ;;
    esac
  done >> "$DIR/undo"
  echo >> "$DIR/undo"
}
# A cgroup with its parents. Version 1: a new cpuset is empty and takes no process; version 2: a parent hands its controllers down.
make_cgroup() {
  parent=\${1%/*}
  [ -d "$parent" ] || { make_cgroup "$parent"; parent=\${1%/*}; }
  [ -d "$1" ] || mkdir "$1"
  case $1 in */"$PARENT" | */"$PARENT"/*) undo remove_cgroup "$1" ;; esac
  if [ -f "$1/cpuset.cpu_exclusive" ]; then
    for file in cpuset.cpus cpuset.mems; do [ -n "$(cat "$1/$file")" ] || cat "$parent/$file" > "$1/$file"; done
  elif [ -f "$parent/cgroup.subtree_control" ]; then
    for controller in $(cat "$parent/cgroup.controllers"); do
      echo "+$controller" > "$parent/cgroup.subtree_control" 2> /dev/null || :
    done
  fi
}
remove_cgroup() {
  tries=0
  while [ -d "$1" ] && ! rmdir "$1" 2> /dev/null; do
    for below in "$1"/*/; do [ ! -d "$below" ] || return 0; done
    tries=$((tries + 1))
    [ $tries -lt 50 ] || { echo "twin: $1 does not go: $(cat "$1/cgroup.procs")" >&2; return 1; }
    sleep 0.1
  done
}
# All processes of a container go with its first one.
stop_process() {
  grep -q "$ID" "/proc/$1/cgroup" 2> /dev/null || return 0
  kill -KILL "$1"
  while [ -d "/proc/$1" ]; do sleep 0.1; done
}
clean() {
  [ -f "$DIR/undo" ] || { echo "twin: nothing to take back: $DIR is not there" >&2; return 0; }
  # Its lines are run: in a folder that everybody may write to, somebody else could have put it there.
  [ -O "$DIR" ] && [ -O "$DIR/undo" ] || die "$DIR is not yours"
  failed=0
  sed '1!G;h;$!d' "$DIR/undo" > "$DIR/clean"
  while read -r line; do eval "$line" < /dev/null || failed=1; done < "$DIR/clean"
  [ $failed -eq 0 ] || { echo "twin: not everything could be taken back, see $DIR/clean" >&2; return 1; }
  rm -rf --one-file-system "$DIR"
}

if [ "\${1-}" = clean ]; then clean; exit; fi
[ $# -eq 0 ] || die "expected nothing or clean, got $1"
[ "$(id -u)" -eq 0 ] || die "needs root"
[ ! -e "$DIR" ] || die "$DIR is there: take it back first (sh $0 clean), or set ID"
`);

/** Reads the words of the container's process, or says that it has ended. */
export const conversation: string[] = text(`
# Two FIFOs: what the container's first process is told, and what it says.
mkfifo "$DIR/to-init" "$DIR/from-init"
exec 3<> "$DIR/to-init" 4<> "$DIR/from-init"
answer() {
  read -r ANSWER REST <&4
  [ "$ANSWER" != ended ] || die "the container's first process ended too early, with status $REST"
}
`);

/** Functions of the part inside. */
export const insideFunctions: string[] = text(`
# A path of the container, its links followed below the root (the engine: openat2 with RESOLVE_IN_ROOT).
beneath() {
  left=$1 path= links=0
  while [ -n "$left" ]; do
    part=\${left%%/*}
    case $left in */*) left=\${left#*/} ;; *) left= ;; esac
    case $part in
      '' | .) continue ;;
      ..) path=\${path%/*}; continue ;;
    esac
    if [ -L "$ROOTFS$path/$part" ]; then
      links=$((links + 1))
      [ $links -le 40 ] || { echo "twin: $1: too many links" >&2; return 1; }
      link=$(readlink "$ROOTFS$path/$part")
      case $link in /*) path= ;; esac
      left=$link/$left
    else
      path=$path/$part
    fi
  done
  printf '%s\\n' "$ROOTFS$path"
}
# A mount point: made when it is missing, a file for a file.
point() {
  at=$(beneath "$1")
  if [ ! -e "$at" ]; then
    if [ -n "\${2-}" ] && [ ! -d "$2" ]; then mkdir -p "\${at%/*}" && : > "$at"; else mkdir -p "$at"; fi
  fi
  printf '%s\\n' "$at"
}
mask() {
  at=$(beneath "$1")
  if [ -d "$at" ]; then mount -t tmpfs -o ro,nosuid,nodev,noexec tmpfs "$at"
  elif [ -e "$at" ]; then mount --bind "$(beneath /dev/null)" "$at"; fi
}
read_only() {
  at=$(beneath "$1")
  [ -e "$at" ] || return 0
  mount --rbind "$at" "$at"
  mount -o remount,bind,ro "$at"
}
`);

/** By digest from a folder of blobs. @source oci-image layer: whiteouts; kernel overlayfs.rst: whiteouts and opaque directories */
export const unpackFunction: string[] = text(`
# A layer: found by its digest, verified, unpacked; its whiteouts become those of overlayfs.
unpack() {
  blob=
  for file in "$LAYERS/blobs/sha256/$1" "$LAYERS/$1"; do [ ! -f "$file" ] || blob=$file; done
  [ -n "$blob" ] || die "layer $1 is not in $LAYERS: set LAYERS to a folder that has it (skopeo copy docker://IMAGE oci:FOLDER)"
  echo "$1  $blob" | sha256sum --check --quiet
  mkdir -p "$DIR/layers/$2"
  tar --extract --numeric-owner --xattrs --xattrs-include='*' --directory "$DIR/layers/$2" --file "$blob"
  find "$DIR/layers/$2" -name '.wh..wh..opq' | while read -r mark; do
    rm "$mark"; setfattr -n trusted.overlay.opaque -v y "\${mark%/*}"
  done
  find "$DIR/layers/$2" -name '.wh.*' | while read -r mark; do
    rm "$mark"; mknod "\${mark%/*}/\${mark##*/.wh.}" c 0 0
  done
}
`);
