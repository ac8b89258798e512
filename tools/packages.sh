#!/bin/sh
# Usage: tools/packages.sh [FILE]
# Makes sure that the Debian packages of tools/FILE, or of tools/packages.txt, are there.
set -eu
cd "$(dirname "$0")"

# Servers live in sbin, which is not on everyone's PATH.
PATH=$PATH:/usr/sbin:/sbin

missing=
while read -r package probe; do
  case $package in '' | '#'*) continue ;; esac
  sh -c "$probe" >/dev/null 2>&1 </dev/null || missing="$missing $package"
done <"${1:-packages.txt}"

# shellcheck disable=SC2086 # one word a package
[ -z "$missing" ] || exec ./apt.sh $missing
