#!/bin/sh
# Usage: tools/cluster/build.sh
# Builds the programs of a test cluster (tools/cluster/box and the tools of go.mod) into
# .cache/tools/cluster-<Kubernetes version>/ and links that as .cache/tools/cluster. The definitions of
# custom resources, which crds.txt lists, are in crds/ beside them.
set -eu
cd "$(dirname "$0")"
version=$(awk '$1 == "k8s.io/kubernetes" { print $2; exit }' go.mod)
language=$(awk '$1 == "go" { print $2 }' go.mod)
cache=$(cd ../.. && pwd)/.cache/tools
home=$cache/cluster-${version#v}
part=$home.part

mkdir -p "$cache"
# Two runs may find it out of date at once.
exec 9>"$home.lock"
flock 9
# A checkout sets new times on old files; the content says whether a build is out of date.
inputs=$(cat build.sh go.mod go.sum ldflags crds.txt box/*.go | cksum)
[ "$inputs" != "$(cat "$home/inputs" 2>/dev/null)" ] || exit 0
echo "Building the test cluster $version (once; 8 minutes on two idle cores) …" >&2

fail() {
  cat "$part/log" >&2
  echo "tools/cluster does not build; the output of go is above." >&2
  exit 1
}

# Prints the folder of a module, which go.mod or its version names.
folder_of() { # module
  case $1 in
    # Modules whose programs are not built here would only burden go.mod.
    *@*) "$go" mod download -json "$1" | sed -n 's/^\t"Dir": "\(.*\)",*$/\1/p' | grep . ;;
    *) "$go" list -m -f '{{.Dir}}' "$1" ;;
  esac
}

rm -rf "$part"
mkdir -p "$part/crds"
go=$(../go.sh "$language")
unset GOROOT
export CGO_ENABLED=0 GOFLAGS='-mod=readonly -trimpath -buildvcs=false' GOTOOLCHAIN=local GOWORK=off

"$go" build -ldflags "-s -w $(tr '\n' ' ' <ldflags)" -o "$part/" ./box tool \
  >"$part/log" 2>&1 </dev/null || fail
while read -r module folder; do
  case $module in '' | '#'*) continue ;; esac
  source=$(folder_of "$module" 2>>"$part/log" </dev/null) || fail
  for file in "$source/$folder"/*.yaml; do
    # Others beside them are for kustomize.
    ! grep -q '^kind: CustomResourceDefinition' "$file" || install -m 0644 "$file" "$part/crds/"
  done
  ls "$source/$folder"/*.yaml >>"$part/log" 2>&1 || fail
done <crds.txt

echo "$inputs" >"$part/inputs"
rm -rf "$home"
mv "$part" "$home"
ln -sfn "${home##*/}" "$cache/cluster"
