# A port of the host that leads to a port of a container: the rules, a request through them, a port that is taken, the rules gone.
tlab run -d -p 8080:80 --name web nginx
tlab port web
curl -sS http://127.0.0.1:8080/ | head -n 4
tlab run -d -p 8080:80 --name late nginx
tlab rm -f late web
curl -sS http://127.0.0.1:8080/
