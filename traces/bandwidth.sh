# A container's network from the host, by the host's own programs; and what limits its bandwidth: no file of a cgroup, but a queue on an interface.
tlab run -d --name fat --cpus 0.5 --memory 64m --pids-limit 50 busybox sh -c 'head -c 524288 /dev/zero >/blob; exec httpd -f -h /'
tlab exec fat tcpdump -i eth0
nsenter --target $(tlab inspect --format '{{.State.Pid}}' fat) --net ip -brief address show dev eth0
ip -oneline link | grep "^$(tlab exec fat cat /sys/class/net/eth0/iflink): " | cut -d' ' -f 1-11
find /sys/fs/cgroup -path "*$(tlab inspect --format '{{.Id}}' fat)*" -name '*net*' | wc -l
curl -s -o /dev/null -w '%{speed_download} bytes a second\n' http://$(tlab inspect --format '{{.NetworkSettings.IPAddress}}' fat)/blob
nsenter --target $(tlab inspect --format '{{.State.Pid}}' fat) --net tc qdisc add dev eth0 root tbf rate 4mbit burst 16kb latency 400ms
curl -s -o /dev/null -w '%{speed_download} bytes a second\n' http://$(tlab inspect --format '{{.NetworkSettings.IPAddress}}' fat)/blob
nsenter --target $(tlab inspect --format '{{.State.Pid}}' fat) --net tc qdisc show dev eth0
grep memory /proc/$(tlab inspect --format '{{.State.Pid}}' fat)/cgroup
tlab rm -f fat
