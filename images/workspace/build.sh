#!/bin/sh
# Builds the workspace image. npm fetches OpenCode, from the registry it is set up for; Dockerfile and
# opencode.sha256 say which version and which bytes.
#
# Exit codes: 2 when the build did not begin, otherwise that of docker or buildah.

set -eu

here=$(cd "$(dirname "$0")" && pwd)
tag='' base='' architectures='' tool='' source='' destination=load archive=''

usage() {
  cat <<'EOF'
Usage: build.sh --tag NAME:TAG [OPTION…] [-- OPTION-OF-THE-TOOL…]

  --tag NAME:TAG     name of the image
  --base IMAGE       Debian image to build on; default: see Dockerfile
  --arch LIST        architectures, such as amd64,arm64; default: this machine's
  --tool TOOL        docker (with buildx) or buildah; default: the first one that is there
  --source URL       address of the repository, for the image's label
  --load             keep the image in the tool's own store; the default
  --push             push it to the registry of --tag
  --archive FILE     write it to FILE, for `docker load` or `ctr images import`
  --help             show this text

What follows -- goes to the tool's build command as it is.
EOF
}

fail() { # message
  echo "build: $1" >&2
  exit 2
}

set_option() { # option, value
  case $1 in
    --tag | --base | --arch | --tool | --source | --archive) ;;
    *) fail "unknown option '$1'; --help lists the options" ;;
  esac
  [ -n "$2" ] || fail "$1 needs a value"
  case $1 in
    --tag) tag=$2 ;;
    --base) base=$2 ;;
    --arch) architectures=$2 ;;
    --tool) tool=$2 ;;
    --source) source=$2 ;;
    --archive) destination=archive archive=$2 ;;
  esac
}

is_installed() { # tool
  case $1 in
    docker) docker buildx version >/dev/null 2>&1 ;;
    *) command -v "$1" >/dev/null ;;
  esac
}

choose_tool() {
  for candidate in docker buildah; do
    [ -n "$tool" ] || ! is_installed "$candidate" || tool=$candidate
  done
  case $tool in
    docker | buildah) ;;
    '') fail "neither docker with buildx nor buildah is installed" ;;
    *) fail "--tool '$tool' is neither docker nor buildah" ;;
  esac
  for needed in "$tool" npm; do
    is_installed "$needed" || fail "$needed is not installed, or docker has no buildx"
  done
}

choose_architectures() {
  if [ -z "$architectures" ]; then
    case $(uname -m) in
      x86_64) architectures=amd64 ;;
      aarch64 | arm64) architectures=arm64 ;;
      *) fail "this machine is neither amd64 nor arm64; say what to build for with --arch" ;;
    esac
  fi
  case $architectures in
    *[!a-z0-9,]*) fail "--arch '$architectures' is not a list such as amd64,arm64" ;;
  esac
  case $destination,$architectures in
    archive,*,*) fail "--archive holds one architecture; build each of $architectures on its own" ;;
  esac
}

# Fills the build context: Dockerfile's inputs, and for each architecture a folder with OpenCode's package.
fetch() { # folder
  cp "$here/opencode.sha256" "$here/sbom.sh" "$1"
  version=$(sed -n 's/^ARG OPENCODE_VERSION=//p' "$here/Dockerfile")
  for architecture in $(printf '%s' "$architectures" | tr , ' '); do
    package=$(sed -n "s#^[0-9a-f]*  $architecture/\(.*\)-$version\.tgz\$#\1#p" "$here/opencode.sha256")
    [ -n "$package" ] || fail "opencode.sha256 has no OpenCode $version for architecture '$architecture'"
    mkdir "$1/$architecture"
    npm pack --loglevel=error --pack-destination "$1/$architecture" "$package@$version" >/dev/null \
      || fail "npm cannot fetch $package@$version; does its registry have it?"
  done
}

build_with_docker() { # options…
  case $destination in
    push) docker buildx build --tag "$tag" --push "$@" ;;
    *) docker buildx build --tag "$tag" --load "$@" ;;
  esac
  # buildx can write an archive itself, but not with every driver.
  case $destination in
    archive) docker save --output "$archive" "$tag" ;;
  esac
}

build_with_buildah() { # options…
  case $architectures in
    *,*)
      # Otherwise the images of an earlier build stay in the list.
      buildah manifest rm "$tag" >/dev/null 2>&1 || :
      buildah build --manifest "$tag" "$@"
      ;;
    *) buildah build --tag "$tag" "$@" ;;
  esac
  case $destination,$architectures in
    push,*,*) buildah manifest push --all "$tag" "docker://$tag" ;;
    push,*) buildah push "$tag" "docker://$tag" ;;
    archive,*) buildah push "$tag" "docker-archive:$archive:$tag" ;;
  esac
}

main() {
  while [ $# -gt 0 ]; do
    case $1 in
      --) shift && break ;;
      --help) usage && exit ;;
      --load | --push) destination=${1#--} && shift ;;
      *) set_option "$1" "${2-}" && shift 2 ;;
    esac
  done
  [ -n "$tag" ] || fail "--tag is missing; name the image, such as localhost/opencode-workspace:test"
  choose_tool
  choose_architectures

  context=$(mktemp -d)
  trap 'rm -rf "$context"' EXIT
  trap 'exit 130' INT
  trap 'exit 143' TERM
  fetch "$context"
  # Not a repository, or one without a commit: the label stays empty.
  revision=$(git -C "$here" rev-parse --verify --quiet HEAD 2>/dev/null || :)
  [ -z "$base" ] || set -- --build-arg "BASE_IMAGE=$base" "$@"
  "build_with_$tool" --file "$here/Dockerfile" \
    --platform "linux/$(printf '%s' "$architectures" | sed 's#,#,linux/#g')" \
    --build-arg "SOURCE=$source" --build-arg "REVISION=$revision" "$@" "$context"
}

main "$@"
