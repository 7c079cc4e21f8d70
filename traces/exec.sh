# A second program in a running container: its namespaces, its environment, its status; and what exec cannot do.
tlab run -d --name web busybox sleep 300
tlab exec web ps -o pid,ppid,args
tlab exec -e COLOUR=blue -w /tmp web sh -c 'pwd; exit 3'
tlab exec web no-such-program
tlab rm -f web
tlab exec web ps
