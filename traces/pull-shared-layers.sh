# Two images with a common base: what the first pull brought, the second does not ask for; a third finds all of it.
tlab pull 127.0.0.1:5000/lab/first
tlab pull 127.0.0.1:5000/lab/second
tlab pull 127.0.0.1:5000/lab/second
tlab images --format '{{.Repository}} {{.Size}}'
