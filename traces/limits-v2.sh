# A memory limit where a host has cgroup version 2 and systemd: the runtime writes it, the process says where it is, and the file there has the number.
mkdir -p /opt/lab/rootfs/bin; cp /bin/busybox /opt/lab/rootfs/bin/sleep; tlab-runc spec --bundle /opt/lab
sed -i 's/"terminal": true/"terminal": false/; s/"sh"/"sleep", "100"/; s|"resources": {|"cgroupsPath": "system.slice:lab:small", &"memory": {"limit": 50331648}, |' /opt/lab/config.json
tlab-runc --systemd-cgroup run --detach --bundle /opt/lab small </dev/null
cat /proc/$(pgrep -x sleep)/cgroup
cd /sys/fs/cgroup/$(sed s/0::// /proc/$(pgrep -x sleep)/cgroup); grep . memory.max
tlab-runc delete --force small; rm -r /opt/lab
