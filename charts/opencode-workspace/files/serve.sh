#!/bin/sh
# Runs the workspace's server, given as arguments, as a child of a proper PID 1. OpenCode as PID 1 would
# ignore SIGTERM and leave zombies, and with an empty password it would serve a shell to everyone.
#
# Environment:
#   OPENCODE_SERVER_PASSWORD  the password; line ends are removed, as no browser can send them
#   WORKSPACE_DIRECTORY       where to start; when it is missing, the current directory
#   OPENCODE_PRINT_LOGS       1: OpenCode logs to stderr, and its log file is not kept
#
# Exit codes (docs/exit-codes.md has the remedies):
#   64   no command is given
#   78   the password is empty
#   126  the command cannot be run
#   127  the command does not exist
# Otherwise the command's own exit code, or 128 + n when signal n ended it.

set -eu

child=

log() {
  printf 'serve: %s\n' "$*" >&2
}

fail() { # code, message
  log "$2"
  exit "$1"
}

read_password() {
  OPENCODE_SERVER_PASSWORD=$(printf '%s' "${OPENCODE_SERVER_PASSWORD-}" | tr -d '\r\n')
  case $OPENCODE_SERVER_PASSWORD in
    *[![:space:]]*) export OPENCODE_SERVER_PASSWORD ;;
    *) fail 78 "OPENCODE_SERVER_PASSWORD is empty, the workspace would be open to everyone; store a password under SERVER_PASSWORD in the Secret" ;;
  esac
}

enter_directory() {
  if [ -z "${WORKSPACE_DIRECTORY-}" ]; then
    log "WORKSPACE_DIRECTORY is not set; starting in $(pwd)"
  elif ! cd "$WORKSPACE_DIRECTORY" 2>/dev/null; then
    log "$WORKSPACE_DIRECTORY does not exist or cannot be entered; starting in $(pwd)"
  fi
}

# OpenCode writes its log to the volume too, without an end and without a switch. What is printed is
# kept by the kubelet, which rotates it.
keep_log_off_the_volume() {
  [ "${OPENCODE_PRINT_LOGS-}" = 1 ] || return 0
  logs=${XDG_DATA_HOME:-${HOME-}/.local/share}/opencode/log
  if ! mkdir -p "$logs" 2>/dev/null || ! ln -sfn /dev/null "$logs/opencode.log" 2>/dev/null; then
    log "cannot write to $logs; OpenCode's log may grow there"
  fi
}

report_missing() {
  missing=
  command -v git >/dev/null || missing="$missing, git"
  command -v rg >/dev/null || missing="$missing, ripgrep"
  command -v ssh >/dev/null || missing="$missing, ssh"
  [ -e .git ] || missing="$missing, a Git repository in $(pwd)"
  [ -z "$missing" ] || log "missing: ${missing#, }; OpenCode starts, but cannot do what needs them"
}

# SIGINT goes on as SIGTERM: a shell's background child ignores SIGINT from birth.
# shellcheck disable=SC2317,SC2329 # the traps call it
forward() { # signal to send, exit code when there is no child yet
  [ -n "$child" ] || exit "$2"
  kill -s "$1" "$child" 2>/dev/null || :
}

run() {
  "$@" &
  child=$!
  # A signal ends wait early; while the child is there, running or a zombie, its status is still to come.
  while :; do
    status=0
    wait "$child" || status=$?
    kill -0 "$child" 2>/dev/null || break
  done
  exit "$status"
}

main() {
  [ $# -gt 0 ] || fail 64 "no command given; usage: serve.sh COMMAND [ARGUMENT…]"
  trap 'forward TERM 143' TERM
  trap 'forward TERM 130' INT
  trap 'forward HUP 129' HUP
  read_password
  command -v "$1" >/dev/null || fail 127 "$1 does not exist in this image; check the container's args and image"
  enter_directory
  keep_log_off_the_volume
  report_missing
  run "$@"
}

main "$@"
