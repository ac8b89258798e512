#!/bin/sh
# Usage: tools/backup/build.sh
# Builds what backs a test cluster's volumes up into .cache/tools/backup-<VolSync version>/ and links that as
# .cache/tools/backup: VolSync's controller, restic, and an S3 server that keeps everything in memory. Beside
# them lie the script that VolSync's image runs restic with (mover.sh) and, in crds/, the definitions of
# snapshots.
set -eu
cd "$(dirname "$0")"
version=$(awk '$1 == "github.com/backube/volsync" { print $2; exit }' go.mod)
language=$(awk '$1 == "go" { print $2; exit }' go.mod)
cache=$(cd ../.. && pwd)/.cache/tools
home=$cache/backup-${version#v}
part=$home.part

mkdir -p "$cache"
# Two runs may find it out of date at once.
exec 9>"$home.lock"
flock 9
# A checkout sets new times on old files; the content says whether a build is out of date.
inputs=$(cat build.sh go.mod go.sum | cksum)
[ "$inputs" != "$(cat "$home/inputs" 2>/dev/null)" ] || exit 0
echo "Building VolSync $version and restic (once; 3 minutes on two idle cores) …" >&2

fail() {
  cat "$part/log" >&2
  echo "tools/backup does not build; the output of go is above." >&2
  exit 1
}

rm -rf "$part"
mkdir -p "$part/crds"
go=$(../go.sh "$language")
unset GOROOT
export CGO_ENABLED=0 GOFLAGS='-mod=readonly -trimpath -buildvcs=false' GOTOOLCHAIN=local GOWORK=off

"$go" build -ldflags '-s -w' -o "$part/" tool >"$part/log" 2>&1 </dev/null || fail
# Its package has no name of its own.
mv "$part/cmd" "$part/volsync"

folder_of() { # module
  "$go" list -m -f '{{.Dir}}' "$1" 2>>"$part/log" </dev/null || fail
}

volsync=$(folder_of github.com/backube/volsync)
snapshots=$(folder_of github.com/kubernetes-csi/external-snapshotter/client/v8)
install -m 0755 "$volsync/mover-restic/entry.sh" "$part/mover.sh"
install -m 0644 "$snapshots"/config/crd/snapshot.storage.k8s.io_*.yaml "$part/crds/"

echo "$inputs" >"$part/inputs"
rm -rf "$home"
mv "$part" "$home"
ln -sfn "${home##*/}" "$cache/backup"
