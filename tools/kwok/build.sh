#!/bin/sh
# Usage: tools/kwok/build.sh
# Builds kwok as .cache/tools/bin/kwok, and puts the stages that stages.txt names into stages.yaml beside it.
set -eu
cd "$(dirname "$0")/../.."
tools/build.sh kwok

language=$(awk '$1 == "go" { print $2 }' tools/kwok/go.mod)
home=$(dirname "$(readlink -f .cache/tools/bin/kwok)")
inputs=$(cat tools/kwok/stages.txt tools/kwok/build.sh | cksum)
[ "$inputs" != "$(tail -n 1 "$home/stages.yaml" 2>/dev/null | sed 's/^# //')" ] || exit 0

go=$(tools/go.sh "$language")
unset GOROOT
module=$(cd tools/kwok && GOFLAGS=-mod=readonly GOTOOLCHAIN=local GOWORK=off \
  "$go" list -m -f '{{.Dir}}' sigs.k8s.io/kwok)
while read -r stage; do
  echo ---
  cat "$module/$stage"
done <tools/kwok/stages.txt >"$home/stages.part"
echo "# $inputs" >>"$home/stages.part"
mv "$home/stages.part" "$home/stages.yaml"
