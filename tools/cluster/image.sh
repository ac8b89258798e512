#!/bin/sh
# Usage: tools/cluster/image.sh
# Builds the project's workspace image with images/workspace/build.sh on a Debian made by debootstrap,
# since no image registry is needed that way, into .cache/tools/cluster-image/workspace.tar (docker-archive).
# DEBIAN_MIRROR names another mirror.
set -eu
cd "$(dirname "$0")/../.."
export PATH="$PATH:/usr/sbin:/sbin" TMPDIR="${TMPDIR:-/var/tmp}"
mirror=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
cache=$PWD/.cache/tools
home=$cache/cluster-image
suite=$(sed -n 's/^ARG BASE_IMAGE=.*debian:\([a-z]*\).*/\1/p' images/workspace/Dockerfile)
base=$cache/cluster-base-$suite

inputs=$(cat tools/cluster/image.sh images/workspace/* | cksum)
[ "$inputs" != "$(cat "$home/inputs" 2>/dev/null)" ] || exit 0
[ ! -t 2 ] || echo "Building the workspace image (once; 3 minutes) …" >&2

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
# A store of its own: nothing appears among the images of whoever runs this.
printf '[storage]\ndriver = "vfs"\ngraphroot = "%s/graph"\nrunroot = "%s/run"\n' \
  "$scratch" "$scratch" >"$scratch/storage.conf"
export CONTAINERS_STORAGE_CONF="$scratch/storage.conf" STORAGE_DRIVER=vfs

make_base() {
  if [ ! -e "$base.tar" ]; then
    debootstrap --variant=minbase --include=ca-certificates "$suite" "$scratch/rootfs" "$mirror"
    rm -rf "$scratch/rootfs/var/cache/apt/archives" "$scratch/rootfs/var/lib/apt/lists"
    tar --create --numeric-owner --file "$base.part" --directory "$scratch/rootfs" .
    rm -rf "$scratch/rootfs"
    mv "$base.part" "$base.tar"
  fi
  container=$(buildah from scratch)
  buildah add --quiet "$container" "$base.tar" /
  buildah commit --quiet "$container" localhost/debian:base
  buildah rm "$container"
}

mkdir -p "$home"
{
  make_base
  images/workspace/build.sh --tool buildah --tag localhost/workspace:test --base localhost/debian:base \
    --archive "$scratch/workspace.tar" -- --isolation chroot --network host --pull=false
} >"$home/log" 2>&1 </dev/null || {
  cat "$home/log" >&2
  echo "The workspace image does not build; the log is above." >&2
  exit 1
}
mv "$scratch/workspace.tar" "$home/workspace.tar"
echo "$inputs" >"$home/inputs"
