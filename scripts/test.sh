#!/bin/sh
# `npm test`: set-up with what tests need, the checks, then every test. Without root, tests that need it are skipped and say so.
set -eu
cd "$(dirname "$0")/.."

begin=$(date +%s)
sh scripts/setup.sh test
set_up=$(date +%s)
PATH="$PWD/node_modules/.bin:$PATH"
npm run --silent check
printf 'set-up %s s, checks %s s\n' $((set_up - begin)) $(($(date +%s) - set_up))
exec node scripts/test.ts "$@"
