#!/bin/sh
# In a machine: runs test files one after the other, since they share its cgroups, links and mounts, and says what each took.
# On an emulated processor Node.js itself ends by a signal now and then: the file is run again then, and it is said.
status=0
seconds() { cut -d. -f1 /proc/uptime; }
for file in "$@"; do
	for try in 1 2 3; do
		start=$(seconds)
		node --import ./test/vm/stripped.mjs --test-reporter=spec --test-reporter-destination=stdout \
			--test-reporter=./test/vm/tally.ts --test-reporter-destination=stdout "$file"
		one=$?
		echo "$MACHINE: $file: $(($(seconds) - start)) s"
		[ "$one" -ge 128 ] || break
		echo "$MACHINE: $file: Node.js ended with status $one, try $try"
	done
	[ "$one" -eq 0 ] || status=$one
done
exit "$status"
