# A user namespace by hand, no engine: who is who by a map, what its root may do inside of it, what it may not outside.
mkdir -p /opt/lab/theirs /opt/lab/ours; chown 100000:100000 /opt/lab/theirs
unshare --user sleep 100 & echo $! >/opt/lab/pid; sleep 0.2
read pid </opt/lab/pid; for kind in uid gid; do echo '0 100000 65536' >/proc/$pid/${kind}_map; done
read pid </opt/lab/pid; nsenter --user --target $pid unshare --uts sh -c 'hostname inside; exec sed -n "s|CapEff:.|CapEff |p" /proc/self/status'
read pid </opt/lab/pid; nsenter --user --target $pid sh -c 'echo >/opt/lab/theirs/file; echo >/opt/lab/ours/file'
stat --format 'for the host it belongs to %u' /opt/lab/theirs/file
read pid </opt/lab/pid; nsenter --user --target $pid stat --format 'for that root it belongs to %u' /opt/lab/theirs/file
read pid </opt/lab/pid; kill $pid; rm -r /opt/lab
