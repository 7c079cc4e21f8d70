# An image as a file: its history, its config, the archive that save writes, load and import of it; and one word of it changed.
mkdir -p /opt/lab/forged; printf 'FROM busybox\nCOPY <<END /note\nfor you\nEND\nLABEL fruit=apple\nCMD ["cat", "/note"]\n' | tlab build -q -t gift -
tlab history --format '{{.Size}} {{.CreatedBy}}' gift | paste -s -d ';'
tlab inspect --format '{{json .Config.Cmd}} {{json .Config.Labels}} {{.RootFS.Layers}}' gift
tlab save -o /opt/lab/gift.tar gift; tlab rmi gift
tar -tf /opt/lab/gift.tar | sed 's|sha256/[0-9a-f]*$|sha256/…|' | uniq -c | xargs
tlab import /opt/lab/gift.tar flat >/opt/lab/id; tlab history --format '{{.Size}} {{.Comment}}' flat
tar -xf /opt/lab/gift.tar -C /opt/lab/forged; sed -i s/apple/peach/ /opt/lab/forged/blobs/sha256/*; tar -C /opt/lab/forged -cf /opt/lab/forged.tar .
tlab load -i /opt/lab/forged.tar
tlab load -i /opt/lab/gift.tar
tlab history --format '{{.Size}} {{.CreatedBy}}' gift | paste -s -d ';'
tlab rmi gift flat; rm -r /opt/lab
