#!/bin/sh
# Usage: tools/opencode.sh
# Prints the path of the OpenCode that the tests run: version and bytes of images/workspace, fetched
# once by npm into .cache/tools/opencode-<version>.
set -eu
cd "$(dirname "$0")/.."
image=images/workspace

case $(uname -s)-$(uname -m) in
  Linux-x86_64) architecture=amd64 ;;
  Linux-aarch64 | Linux-arm64) architecture=arm64 ;;
  *)
    echo "OpenCode is tested on Linux, amd64 or arm64; this is $(uname -s) on $(uname -m)." >&2
    exit 1
    ;;
esac

version=$(sed -n 's/^ARG OPENCODE_VERSION=//p' "$image/Dockerfile")
archive=$(sed -n "s#^[0-9a-f]*  $architecture/\(.*-$version\.tgz\)\$#\1#p" "$image/opencode.sha256")
checksum=$(sed -n "s#^\([0-9a-f]*\)  $architecture/$archive\$#\1#p" "$image/opencode.sha256")
if [ -z "$archive" ]; then
  echo "$image/opencode.sha256 has no OpenCode $version for $architecture." >&2
  exit 1
fi

# The checksum is part of the name: one that was corrected gets a folder of its own.
home=$PWD/.cache/tools/opencode-$version-$(printf %.8s "$checksum")
if [ ! -x "$home/opencode" ]; then
  mkdir -p "${home%/*}"
  # Several processes of one test run ask at once.
  exec 9>"$home.lock"
  flock 9
fi
if [ ! -x "$home/opencode" ]; then
  command -v npm >/dev/null || tools/apt.sh npm
  echo "Fetching OpenCode $version (once; 60 MB) …" >&2
  part=$home.part
  rm -rf "$part"
  mkdir "$part"
  package=${archive%-"$version".tgz}@$version
  npm pack --silent --pack-destination "$part" "$package" >"$part/log" 2>&1 9>&- </dev/null || {
    cat "$part/log" >&2
    echo "npm cannot fetch $package; does its registry have it?" >&2
    exit 1
  }
  if ! (cd "$part" && echo "$checksum  $archive" | sha256sum --check --status); then
    echo "$archive from npm is not the file whose checksum is in $image/opencode.sha256." >&2
    exit 1
  fi
  tar -xzf "$part/$archive" -C "$part" --no-same-owner --strip-components=2 package/bin/opencode
  chmod 0755 "$part" "$part/opencode"
  rm "$part/$archive" "$part/log"
  mv "$part" "$home"
fi
echo "$home/opencode"
