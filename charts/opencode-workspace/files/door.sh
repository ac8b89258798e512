#!/bin/sh
# Proves that a workspace's door answers and is locked; `helm test` runs it in a pod of its own.
#
# Environment:
#   DOOR_URL  http://host:port of the workspace's Service
#
# Exit codes (docs/exit-codes.md has the remedies):
#   0   the door answers and is locked
#   1   the door does not answer, or it is open
#   2   the door cannot be tested

set -eu

attempts=10
pause_seconds=3
answer_seconds=10

log() {
  printf 'door: %s\n' "$*" >&2
}

fail() { # code, message
  log "$2"
  exit "$1"
}

check_url() {
  case ${DOOR_URL-} in
    *@*) fail 2 "DOOR_URL has a user name in it; the test must knock without a password" ;;
    http://?* | https://?*) url=${DOOR_URL%/} ;;
    *) fail 2 "DOOR_URL is not set to an http:// or https:// URL" ;;
  esac
}

# The Service is inside the cluster; a proxy would answer for it.
forget_proxies() {
  unset http_proxy https_proxy all_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY
}

choose_client() {
  if command -v curl >/dev/null; then
    client=curl
  elif command -v wget >/dev/null; then
    client=wget
  else
    fail 2 "neither curl nor wget is in the image; use an image with one of them"
  fi
}

# Prints the status code of the first answer, or 000 when there is none.
status_of() { # URL
  if [ "$client" = curl ]; then
    curl --silent --output /dev/null --max-time "$answer_seconds" --write-out '%{http_code}' "$1" || :
  else
    # wget tells the status on stderr only, in the headers of -S or in its error message.
    code=$(ask_with_wget "$1" 2>&1 | sed -n 's#.*HTTP/[0-9.]* \([0-9]\{3\}\).*#\1#p' | head -n 1)
    printf '%s\n' "${code:-000}"
  fi
}

# Debian's busybox wget has no -T; there only helm's own --timeout ends a wait.
ask_with_wget() { # URL
  set -- -S -t 1 -O /dev/null "$1"
  if wget --help 2>&1 | grep -q '[[:space:]]-T'; then set -- -T "$answer_seconds" "$@"; fi
  wget "$@"
}

# A pod that is just starting refuses connections.
knock() { # path
  attempt=1
  status=$(status_of "$url$1")
  while [ "$status" = 000 ] && [ "$attempt" -lt "$attempts" ]; do
    sleep "$pause_seconds"
    attempt=$((attempt + 1))
    status=$(status_of "$url$1")
  done
}

check_answers() {
  knock /site.webmanifest
  case $status in
    200) log "$url answers" ;;
    000) fail 1 "$url does not answer; look at the pod's state and at its logs" ;;
    *) fail 1 "$url/site.webmanifest gave $status instead of 200; is it an OpenCode server?" ;;
  esac
}

check_locked() {
  knock /
  case $status in
    401) log "$url is locked" ;;
    200) fail 1 "$url is open: / gave 200 without a password; stop the workspace and set OPENCODE_SERVER_PASSWORD" ;;
    000) fail 1 "$url stopped answering; look at the pod's logs" ;;
    *) fail 1 "$url/ gave $status instead of 401; something else answers for the workspace" ;;
  esac
}

main() {
  check_url
  forget_proxies
  choose_client
  check_answers
  check_locked
}

main
