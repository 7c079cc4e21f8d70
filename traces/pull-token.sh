# A registry that asks who is there: without a login its token is good for nothing, with one it is: challenge, token, the same question again.
tlab pull 127.0.0.1:5000/lab/page
tlab login --username anna --password-stdin 127.0.0.1:5000 </opt/registry/password
tlab pull 127.0.0.1:5000/lab/page
tlab logout 127.0.0.1:5000
