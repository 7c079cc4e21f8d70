# A Dockerfile before and after its review: what the linter finds, and what that changes in the container.
cp -r traces/review /opt/lab; tar -C /opt/lab -cf /opt/lab/pages.tar Dockerfile
tlab lint /opt/lab/Dockerfile | grep '^ *[0-9] ' | xargs
sed -i "s/DIGEST/$(tlab inspect --format '{{.RepoDigests}}' busybox | grep -o 'sha256:[0-9a-f]*')/" /opt/lab/Dockerfile.after; tlab lint /opt/lab/Dockerfile.after
tlab build -q -t before /opt/lab; tlab build -q -t after -f /opt/lab/Dockerfile.after /opt/lab
tlab run -d --name before before; tlab run -d --name after after
tlab cp before:/srv - | tar -t | tail -n 1
tlab cp after:/srv - | tar -t | tail -n 1
tlab top before -eo uid,pid,args | sed -n 2p
tlab top after -eo uid,pid,args | sed -n 2p
tlab image inspect --format 'health check: {{json .Config.Healthcheck.Test}}' after
tlab rm -f before after; tlab rmi before after; rm -r /opt/lab
