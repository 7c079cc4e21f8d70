# A push, the same again, and the same layers under another name: uploaded, there already, lent by the first repository.
tlab push 127.0.0.1:5000/lab/page
tlab push 127.0.0.1:5000/lab/page
tlab tag 127.0.0.1:5000/lab/page 127.0.0.1:5000/lab/copy
tlab push 127.0.0.1:5000/lab/copy
