#!/bin/sh
# Generates TypeScript from our .proto files into proto/gen beside them; the result is committed.
# The containerd stage's messages use the shim door's, never the other way round. Needs protoc (Debian: protobuf-compiler).
set -eu
cd "$(dirname "$0")/.."
PATH="$PWD/node_modules/.bin:$PATH"
temporary=$(mktemp -d)
trap 'rm -rf "$temporary"' EXIT

protoc -I src/shim/proto -I src/containerd/proto \
  --plugin=protoc-gen-es=node_modules/.bin/protoc-gen-es --es_out="$temporary" --es_opt=target=ts,import_extension=ts,erasable_syntax=true \
  src/shim/proto/*.proto src/containerd/proto/*.proto

for stage in shim containerd; do
  rm -rf "src/$stage/proto/gen"
  mkdir -p "src/$stage/proto/gen"
  for proto in "src/$stage/proto/"*.proto; do
    mv "$temporary/$(basename "$proto" .proto)_pb.ts" "src/$stage/proto/gen/"
  done
done
for proto in src/shim/proto/*.proto; do
  name=$(basename "$proto" .proto)_pb.ts
  sed -i "s#\"\\./$name\"#\"../../../shim/proto/gen/$name\"#" src/containerd/proto/gen/*.ts
done
