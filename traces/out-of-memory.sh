# A program that takes more memory than its cgroup may have; the same with enough.
tlab run --name hungry --memory 16m busybox sh -c 'tail /dev/zero'
tlab inspect --format '{{.State.Status}} {{.State.ExitCode}} OOMKilled={{.State.OOMKilled}}' hungry
tlab run --rm --memory 16m busybox sh -c 'head -c 4m /dev/zero | tail | wc -c'
tlab rm hungry
