# A bundle in a tenant's user namespace, where a limit was set to 0: the runtime's error, the limit, the cause mended; and another refusal.
mkdir -p /opt/lab/rootfs; unshare --user sleep 100 & echo $! >/opt/lab/pid; sleep 0.2
read pid </opt/lab/pid; for kind in uid gid; do echo '0 0 4294967295' >/proc/$pid/${kind}_map; done
tlab create --name files busybox; tlab export files | tar -x -C /opt/lab/rootfs; tlab-runc spec --bundle /opt/lab
read pid </opt/lab/pid; sed -i "s/\"terminal\": true/\"terminal\": false/; s/\"sh\"/\"hostname\"/; s|\"namespaces\": \[|&{\"type\": \"user\", \"path\": \"/proc/$pid/ns/user\"},|" /opt/lab/config.json
read pid </opt/lab/pid; nsenter --user --target $pid sh -c 'echo 0 >/proc/sys/user/max_uts_namespaces'
tlab-runc run --bundle /opt/lab box
grep . /proc/sys/user/max_uts_namespaces
read pid </opt/lab/pid; nsenter --user --target $pid grep . /proc/sys/user/max_uts_namespaces
read pid </opt/lab/pid; nsenter --user --target $pid sh -c 'echo 15000 >/proc/sys/user/max_uts_namespaces'
tlab-runc run --bundle /opt/lab box
tlab run --rm busybox unshare -u true
read pid </opt/lab/pid; kill $pid; rm -r /opt/lab; tlab rm files
