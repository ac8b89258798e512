#!/bin/sh
# Usage: tools/venv.sh run|dev
# Brings .venv in line with requirements/run.lock (what `make preview` needs) or
# requirements/dev.lock (tests and linters as well), with this package installed editable.
# PYTHON3 names the interpreter to build on; without it, the first of python3, python3.14 … is taken.
set -eu
cd "$(dirname "$0")/.."
lock=requirements/$1.lock

recent() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

base_python() {
  for candidate in ${PYTHON3:-python3 python3.14 python3.13 python3.12 python3.11}; do
    if recent "$candidate"; then
      echo "$candidate"
      return
    fi
  done
  echo "Python 3.11 or newer is needed; none of ${PYTHON3:-python3, python3.11 to python3.14} is." >&2
  echo "Install it, or name it: make PYTHON3=/path/to/python3 …" >&2
  return 1
}

quietly() {
  if ! "$@" >"$log" 2>&1 </dev/null; then
    cat "$log" >&2
    echo "Failed: $*. Its output is above." >&2
    exit 1
  fi
}

log=$(mktemp)
trap 'rm -f "$log"' EXIT
echo "Installing Python packages into .venv (once) …" >&2

if [ "$(pwd -P)" != "$(cat .venv/.path 2>/dev/null)" ] || ! recent .venv/bin/python; then
  python=$(base_python)
  if ! "$python" -c 'import ensurepip' 2>/dev/null; then
    # Debian ships the part of Python that makes environments as a package of its own.
    tools/apt.sh "$("$python" -c 'import sys; print("python%d.%d-venv" % sys.version_info[:2])')"
  fi
  quietly "$python" -m venv --clear .venv
  pwd -P >.venv/.path
fi

pip='.venv/bin/python -m pip --disable-pip-version-check --no-input install --quiet'
# shellcheck disable=SC2086 # a command and its options
quietly $pip --require-hashes --only-binary :all: --requirement "$lock"
# shellcheck disable=SC2086 # a command and its options
quietly $pip --no-deps --no-build-isolation --editable .

# The larger set holds the smaller one.
touch .venv/.installed-run
[ "$1" = run ] || touch .venv/.installed-dev
