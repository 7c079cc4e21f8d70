# The daemon is killed: the container goes on, its shim keeps it, and the next daemon takes it over.
tlab run -d --name web nginx
pid=$(cat /run/tlab/tlabd.pid); kill -9 $pid; while kill -0 $pid 2>/dev/null; do sleep 0.1; done
ps -C tlabd,containerd-shim-tlab-v2,nginx -o comm=
tlab ps --format '{{.Names}}: {{.Status}}'
tlab exec web true
tlab rm -f web
