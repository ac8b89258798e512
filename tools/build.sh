#!/bin/sh
# Usage: tools/build.sh NAME
# Builds the one tool of the Go module tools/NAME into .cache/tools/<program>-<version>/<program>
# and links it as .cache/tools/bin/NAME. tools/NAME/ldflags holds the linker variables that the tool's
# own release build sets.
set -eu
cd "$(dirname "$0")/.."
name=$1
cache=$PWD/.cache/tools

package=$(awk '$1 == "tool" { print $2 }' "tools/$name/go.mod")
version=$(awk -v package="$package" \
  '$1 == "require" { sub("require ", "") } index(package "/", $1 "/") == 1 { print $2 }' "tools/$name/go.mod")
language=$(awk '$1 == "go" { print $2 }' "tools/$name/go.mod")

# Helm 3 does not know which Kubernetes it was built against unless it is told.
minor=$(awk '$1 == "k8s.io/client-go" { split($2, part, "."); print part[2] }' "tools/$name/go.mod")
variables=$(sed "s/@VERSION@/$version/; s/@MINOR@/$minor/" "tools/$name/ldflags" | tr '\n' ' ')

program=${package##*/}
# A program of this repository has no version: its folder is found by name alone.
home=$cache/$program${version:+-${version#v}}
mkdir -p "$home"
# Two runs may find it out of date at once.
exec 9>"$home/lock"
! command -v flock >/dev/null || flock 9
# A checkout sets new times on old files; the content says whether a build is out of date.
inputs=$(cat tools/build.sh "tools/$name"/* | cksum)
if [ ! -x "$home/$program" ] || [ "$inputs" != "$(cat "$home/inputs" 2>/dev/null)" ]; then
  echo "Building $program $version (once; minutes on a first run) …" >&2
  go=$(tools/go.sh "$language")
  # An empty GOFLAGS would let the user's own settings in.
  (
    cd "tools/$name"
    unset GOROOT
    CGO_ENABLED=0 GOFLAGS='-mod=readonly -trimpath -buildvcs=false' GOTOOLCHAIN=local GOWORK=off \
      "$go" build -ldflags "-s -w $variables" -o "$home/$program.part" "$package"
  ) >"$home/log" 2>&1 </dev/null || {
    cat "$home/log" >&2
    echo "tools/$name does not build; the output of go is above." >&2
    exit 1
  }
  mv "$home/$program.part" "$home/$program"
  echo "$inputs" >"$home/inputs"
fi

touch "$home/$program"
mkdir -p "$cache/bin"
ln -sfn "../${home##*/}/$program" "$cache/bin/$name"
