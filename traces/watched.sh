# Somebody watches over the daemon and starts it again when it is killed: what Restart= of a service manager does. The container notices nothing.
tlab run -d --name witness busybox sleep 100
mkdir /opt/lab; sh -c 'while sleep 1; do tlab system start; done' >/dev/null 2>&1 & echo $! >/opt/lab/watcher.pid
tlab system status | grep 'tlabd '
kill -9 $(cat /run/tlab/tlabd.pid); sleep 4
tlab system status | grep 'tlabd '
tlab ps --format '{{.Names}}: {{.Status}}'
kill $(cat /opt/lab/watcher.pid); rm -r /opt/lab
tlab rm -f witness
