#!/bin/sh
# `npm test`: set-up with what tests need, the checks, then every test. Without root, tests that need it are skipped and say so.
set -eu
cd "$(dirname "$0")/.."

sh scripts/setup.sh test
PATH="$PWD/node_modules/.bin:$PATH"
npm run --silent check
exec node scripts/test.ts "$@"
