# One program that hears SIGTERM and one that does not: stop asks, waits, and kills; kill does not ask.
tlab run -d --name hears busybox sh -c 'trap "echo bye; exit 0" TERM; while :; do sleep 0.1; done'
tlab run -d --name deaf busybox sleep 300
tlab stop hears
tlab stop -t 1 deaf
tlab start deaf
tlab kill deaf
tlab ps -a --format '{{.Names}}: {{.Status}}'
tlab rm hears deaf
