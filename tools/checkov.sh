#!/bin/sh
# Usage: tools/checkov.sh
# Installs the checkov of requirements/checkov.lock into .cache/tools/checkov-<version>, apart from
# .venv, whose packages its hundred would pin, and puts a command for it into .cache/tools/bin.
set -eu
cd "$(dirname "$0")/.."
lock=requirements/checkov.lock
bin=.cache/tools/bin

version=$(sed -n 's/^checkov==\([0-9.]*\).*/\1/p' "$lock")
name=checkov-$version
home=.cache/tools/$name
inputs=$(cat "$lock" .venv/pyvenv.cfg | cksum)
if [ "$inputs" != "$(cat "$home/inputs" 2>/dev/null)" ]; then
  echo "Installing checkov $version (once; 290 MB) …" >&2
  rm -rf "$home"
  mkdir -p "$home"
  .venv/bin/python -m pip --disable-pip-version-check --no-input install --quiet \
    --require-hashes --only-binary :all: --requirement "$lock" --target "$home" >"$home/log" 2>&1 || {
    cat "$home/log" >&2
    echo "checkov $version cannot be installed; the output of pip is above." >&2
    exit 1
  }
  # Last: an interrupted installation must not be taken for a whole one.
  echo "$inputs" >"$home/inputs"
fi

mkdir -p "$bin"
cat >"$bin/checkov" <<EOF
#!/bin/sh
tools=\$(cd "\$(dirname "\$0")/.." && pwd)
PYTHONPATH=\$tools/$name exec "\$tools/../../.venv/bin/python" -m checkov.main "\$@"
EOF
chmod +x "$bin/checkov"
