# Two containers on one bridge: the second asks the first for a page, by its address.
tlab run -d --name web nginx
tlab run --rm busybox wget -q -O - http://$(tlab inspect --format '{{.NetworkSettings.IPAddress}}' web)/ | head -n 4
tlab run --rm busybox wget -q -O - http://web/
tlab run --rm --network none busybox ip address
tlab rm -f web
