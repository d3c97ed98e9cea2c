#!/bin/sh
# synod-journal on a sound, a torn and a damaged journal: command_test.sh COMMAND MAKE_JOURNAL
set -u
command=$1 make=$2
directory=$(mktemp -d) || exit 1
trap 'rm -rf "$directory"' EXIT
file=segment-0000000000000001

fail() { echo "FAILED: $1"; cat "$directory/out"; exit 1; }
expect() {  # STATUS TEXT ARGUMENTS…
  status=$1 text=$2; shift 2
  "$command" "$@" >"$directory/out" 2>&1
  found=$?
  [ "$found" = "$status" ] || fail "status $found, not $status: $*"
  grep -q "$text" "$directory/out" || fail "no '$text': $*"
}
flip() {  # OFFSET
  printf '\377' | dd of="$directory/j/$file" bs=1 seek="$1" conv=notrunc 2>/dev/null
}

expect 2 usage
expect 2 usage inspect
expect 3 "No such file" verify "$directory/none"
"$make" "$directory/j" || fail "cannot make a journal"
expect 0 whole verify "$directory/j"
expect 0 "batch=2 file=$file" inspect "$directory/j"
expect 0 "beef" inspect "$directory/j"
flip 1000
expect 1 "torn: nothing that was acknowledged is lost" verify "$directory/j"
flip 80
expect 1 "bad $file offset=64" verify "$directory/j"
expect 1 "damaged: something that was acknowledged may be lost" verify "$directory/j"
