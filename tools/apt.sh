#!/bin/sh
# Usage: tools/apt.sh PACKAGE...
# Installs Debian packages where nobody has to be asked, and says what to do everywhere else.
set -eu

if ! command -v apt-get >/dev/null 2>&1; then
  echo "Missing: $*. Install them with this system's package manager (the names are Debian's)." >&2
  exit 1
fi
if [ "$(id -u)" -ne 0 ]; then
  echo "Missing: $*. Install them and try again:" >&2
  echo "  sudo sh -c 'apt-get update && apt-get install --yes --no-install-recommends $*'" >&2
  exit 1
fi

log=$(mktemp)
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
if ! {
  apt-get update && apt-get install --yes --no-install-recommends "$@"
} >"$log" 2>&1 </dev/null; then
  cat "$log" >&2
  echo "apt-get could not install: $*. Its log is above." >&2
  exit 1
fi
