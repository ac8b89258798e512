#!/bin/sh
# Usage: tools/image.sh [base]
# Prints the path of the workspace image as an archive for `ctr images import`, `podman load` or
# `docker load`; its name in there is localhost/opencode-workspace:<version of OpenCode>. With `base`:
# the path of the Debian it is built on, a tar of a root file system. Builds what is missing, once for
# each content, into .cache/image; nothing is taken from a registry of images.
#
# Needs root, because debootstrap and buildah do, and Debian's packages buildah and debootstrap.
set -eu
cd "$(dirname "$0")/.."
cache=$PWD/.cache/image
suite=$(sed -n 's/^ARG BASE_IMAGE=.*debian:\([a-z]*\).*/\1/p' images/workspace/Dockerfile)
packages=ca-certificates

fail() { # message
  echo "image: $1" >&2
  exit 1
}

quietly() { # what it does, command…
  what=$1
  shift
  "$@" >"$work/log" 2>&1 9>&- </dev/null || {
    cat "$work/log" >&2
    fail "cannot $what; the log is above"
  }
}

say() { # what takes long
  echo "$1 (once) …" >&2
}

# Elsewhere than on Debian, debootstrap knows where Debian is.
mirror() {
  grep -qx 'ID=debian' /etc/os-release || return 0
  # shellcheck disable=SC2016 # apt's own variables
  apt-get indextargets --format '$(REPO_URI) $(RELEASE)' 'Created-By: Packages' \
    | awk '$2 !~ /-/ { print $1; exit }'
}

# A folder for the time of one build, on the disk of the cache.
enter_work() {
  [ "$(id -u)" -eq 0 ] || fail "the image can be built by root only; run the tests as root"
  missing=
  for program in buildah debootstrap; do
    PATH=$PATH:/usr/sbin:/sbin command -v "$program" >/dev/null || missing="$missing $program"
  done
  # shellcheck disable=SC2086 # one word a package
  [ -z "$missing" ] || tools/apt.sh $missing
  PATH=$PATH:/usr/sbin:/sbin
  work=$cache/work
  rm -rf --one-file-system "$work"
  mkdir -p "$work"
  trap 'rm -rf --one-file-system "$work"' EXIT
}

# buildah's own default store is the machine's; this one goes with the build.
enter_store() {
  export CONTAINERS_STORAGE_CONF="$work/storage.conf" TMPDIR="$work"
  printf '[storage]\ndriver = "%s"\ngraphroot = "%s"\nrunroot = "%s"\n' \
    "$(driver)" "$work/store" "$work/run" >"$CONTAINERS_STORAGE_CONF"
}

# Within a container there is often no overlay on top of its own; copies take twice as long.
driver() {
  mkdir "$work/lower" "$work/upper" "$work/inner" "$work/merged"
  if mount -t overlay overlay "$work/merged" \
    -o "lowerdir=$work/lower,upperdir=$work/upper,workdir=$work/inner" 2>/dev/null; then
    umount "$work/merged"
    echo overlay
  else
    echo vfs
  fi
}

build_base() { # tar
  say "Making a Debian $suite to build on"
  quietly "make a Debian $suite" debootstrap --variant=minbase --include="$packages" \
    "$suite" "$work/rootfs" "$(mirror)"
  rm -rf "$work/rootfs/var/cache/apt/archives" "$work/rootfs/var/lib/apt/lists"
  mkdir -p "$work/rootfs/var/cache/apt/archives/partial" "$work/rootfs/var/lib/apt/lists/partial"
  tar --create --numeric-owner --one-file-system --sort=name --directory "$work/rootfs" --file "$work/base.tar" .
  rm -rf --one-file-system "$work/rootfs"
  mv "$work/base.tar" "$1"
}

build_archive() { # base, archive
  say "Building the workspace image"
  enter_store
  container=$(buildah from scratch 9>&-)
  quietly "read $1" buildah add "$container" "$1" /
  quietly "keep the base image" buildah commit "$container" "localhost/debian:$suite"
  quietly "build the image" images/workspace/build.sh --tool buildah --base "localhost/debian:$suite" \
    --tag "localhost/opencode-workspace:$version" --archive "$work/image.tar" \
    -- --isolation chroot --network host
  # Half a gigabyte each: the one before is of no use any more.
  rm -rf "$cache"/workspace-*
  mv "$work/image.tar" "$2"
}

hash_of() { # files…
  cat "$@" | sha256sum | cut -c 1-16
}

wanted=${1-image}
version=$(sed -n 's/^ARG OPENCODE_VERSION=//p' images/workspace/Dockerfile)
machine=$(uname -m)
base=$cache/base-$suite-$machine-$packages.tar
archive=$cache/workspace-$version-$machine-$(hash_of tools/image.sh images/workspace/*).tar
case $wanted in
  base) result=$base ;;
  image) result=$archive ;;
  *) fail "unknown argument '$wanted'; use: tools/image.sh [base]" ;;
esac

if [ ! -e "$result" ]; then
  # buildah's mounts end with this process, however it ends.
  if [ "${IMAGE_MOUNTS-}" != private ] && [ "$(id -u)" -eq 0 ]; then
    IMAGE_MOUNTS=private exec unshare --mount --propagation private "$0" "$@"
  fi
  mkdir -p "$cache"
  exec 9>"$cache/lock"
  flock 9
  if [ ! -e "$result" ]; then
    enter_work
    [ -e "$base" ] || build_base "$base"
    [ "$wanted" = base ] || build_archive "$base" "$archive"
  fi
fi
echo "$result"
