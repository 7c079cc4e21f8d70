# containerd without the daemon: its own client runs a container; the daemon that comes back has its own beside it.
# ctr finds the lab's containerd by CONTAINERD_ADDRESS=/run/tlab/containerd/containerd.sock in the environment.
ctr -n moby images export - docker.io/library/busybox:latest | ctr -n lab images import -
kill -9 $(cat /run/tlab/tlabd.pid); tlab system status | grep 'tlabd '
ctr -n lab run --detach docker.io/library/busybox:latest alone sleep 100
ctr -n lab tasks exec --exec-id look alone sh -c 'echo process 1 is $(cat /proc/1/comm), its links: $(ls /sys/class/net)'
tlab run -d --name both busybox sleep 100
tlab ps --all --format '{{.Names}}: {{.Status}}'
ctr -n lab tasks ls --quiet
tlab rm -f both; ctr -n lab tasks rm -f alone
ctr -n lab containers rm alone; ctr -n lab images rm --sync docker.io/library/busybox:latest
