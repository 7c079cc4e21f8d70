# containerd is killed: the container goes on, the daemon starts containerd again, and that finds the shim.
tlab run -d --name web nginx
pid=$(cat /run/tlab/tlab-containerd.pid); kill -9 $pid; while kill -0 $pid 2>/dev/null; do sleep 0.1; done
ps -C containerd-shim-tlab-v2,nginx -o comm=
tlab exec web true
tlab rm -f web
