#!/bin/sh
# synod-journal on a sound, a copied, a torn and a damaged journal: command_test.sh COMMAND MAKE_JOURNAL
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

expect 2 usage adopt "$directory/j" --yes
expect 3 "no such directory" adopt "$directory/none"
expect 0 "nothing to adopt" adopt "$directory/j"
mv "$directory/j" "$directory/moved" || fail "cannot move"
expect 0 "nothing to adopt" adopt "$directory/moved"
if stat -c %W "$directory/moved/$file" | grep -qv '^[0-]$'; then  # The file system knows births.
  cp -a "$directory/moved" "$directory/j" || fail "cannot copy"
  expect 1 "you vouch for this" adopt "$directory/j"
  expect 1 "copy $file: was" adopt "$directory/j"
  expect 0 "adopted" adopt "$directory/j" --this-is-the-latest
  expect 0 "nothing to adopt" adopt "$directory/j"
else
  mv "$directory/moved" "$directory/j"
fi
expect 0 whole verify "$directory/j"
flip 1000
expect 1 "torn: nothing that was acknowledged is lost" verify "$directory/j"
flip 144
expect 1 "bad $file offset=128" verify "$directory/j"
expect 1 "damaged: something that was acknowledged may be lost" verify "$directory/j"
