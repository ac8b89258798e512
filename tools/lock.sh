#!/bin/sh
# Usage: [UPGRADE=1] tools/lock.sh
# Resolves pyproject.toml and requirements/*.in into hash-pinned locks, for every platform at once.
set -eu
cd "$(dirname "$0")/.."

compile() {
  out=requirements/$1.lock
  shift
  .venv/bin/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --custom-compile-command 'make lock' ${UPGRADE:+--upgrade} \
    --output-file "$out" "$@"
}

compile dev --all-extras pyproject.toml requirements/build.in
# One version of each package, whichever of the two is installed.
compile run --extra embedded --extra schemas --constraints requirements/dev.lock pyproject.toml requirements/build.in
compile go requirements/go.in
compile checkov requirements/checkov.in
