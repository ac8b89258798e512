#!/bin/sh
# Makes the volume ready before OpenCode starts: a whole repository in WORKSPACE_DIRECTORY, and a login.
# Whatever moment it is killed at, the next run ends in the same state, and nothing of the user's is lost.
#
# Environment:
#   HOME                        the volume; writable
#   WORKSPACE_REPOSITORY        ssh://…, user@host:path or https://…; empty: an empty repository is made
#   WORKSPACE_BRANCH            branch or tag of the first clone; empty: the remote's default branch
#   WORKSPACE_DIRECTORY         where the repository lives; neither HOME nor a parent of it
#   WORKSPACE_UPDATE            on a restart: none | fetch | fast-forward
#   WORKSPACE_CLONE_DEPTH       commits of history to clone; 0: all
#   WORKSPACE_CLONE_FILTER      partial clone filter such as blob:none; empty: none
#   WORKSPACE_CLONE_SUBMODULES  true | false
#   WORKSPACE_RUN_DIRECTORY     memory-backed directory for the key while this runs
#   GIT_DEPLOY_KEY_FILE         private key for ssh
#   GIT_TOKEN_FILE              token for https; may be absent
#   GIT_KNOWN_HOSTS_FILE        the only host keys ssh accepts
#   AUTH_SEED                   if-missing | if-changed | never
#   AUTH_SEED_FILE              auth.json to start with; may be absent
# Git's own variables (GIT_SSL_CAINFO, https_proxy, …) are inherited. Needs git 2.32 or newer.
#
# Exit codes (docs/exit-codes.md has the remedies):
#   0    the workspace is ready; a failed update of an existing repository counts as ready
#   10   a setting is missing or wrong
#   11   the repository URL is refused
#   12   git or ssh is not in the image
#   20   the volume cannot be written by this uid
#   21   the volume is full
#   22   the directory holds files and is not a repository
#   23   the directory holds a damaged repository
#   30   no deploy key
#   31   the deploy key is unusable
#   32   the deploy key is encrypted
#   33   the uid has no passwd entry
#   34   the server's host key is not known
#   35   the server's host key has changed
#   36   the server does not accept the deploy key
#   37   the server does not accept the token, or wants one
#   38   the server's certificate is not trusted
#   40   the server's name does not resolve
#   41   the server cannot be reached or stopped answering
#   42   the repository does not exist on the server
#   43   the branch does not exist on the server
#   49   git failed for another reason
#   50   auth.json could not be written
#   129  stopped by SIGHUP
#   130  stopped by SIGINT
#   143  stopped by SIGTERM

# Present only to hold the pod until the Secret exists; nothing started from here may see it.
unset OPENCODE_SERVER_PASSWORD

set -eu
export LC_ALL=C # git's and ssh's messages are told apart by their English text
exec 3>&2       # the log, also while a command's stderr is captured

connect_seconds=20
question_seconds=60
update_seconds=120
stall_seconds=60

byte_order_mark=$(printf '\357\273\277')

child=
stage=

log() {
  printf 'bootstrap: %s\n' "$*" >&3
}

fail() { # code, message
  log "$2"
  exit "$1"
}

leave() { # message; ends an update that is not possible, which is no failure
  fail 0 "not updated: $1"
}

# A URL's user part may be a token, and a server's message may hold terminal escapes.
mask() {
  tr -d '\000-\010\013-\037\177' | sed -e 's#\(https\{0,1\}://\)[^/@ ]*@#\1***@#g' -e 's#\(://[^/@: ]*\):[^/@ ]*@#\1:***@#g'
}

shown() { # url
  printf '%s\n' "$1" | mask
}

# A shell runs its traps between commands only, so what may take long runs in the background. In a
# session of its own, because ssh and git's helpers must end together with git.
await() {
  status=0
  setsid "$@" 3>&- &
  child=$!
  wait "$child" || status=$?
  kill -TERM "-$child" 2>/dev/null || :
  return "$status"
}

end_child() {
  [ -n "$child" ] || return 0
  kill -TERM "-$child" 2>/dev/null || kill -s TERM "$child" 2>/dev/null || :
  wait "$child" || :
}

stop() { # exit code, signal
  trap '' HUP INT TERM
  log "stopped by SIG$2"
  end_child
  exit "$1"
}

clean_up() {
  status=$?
  rm -f "$run/key" "$run/askpass" "$run/errors" "$run/answer" 2>/dev/null || :
  # A stage marked whole is finished by the next run.
  if [ -n "$stage" ] && [ ! -e "$stage/whole" ]; then
    rm -rf "$stage" 2>/dev/null || :
  fi
  case $status in
    1 | 2) log "internal error (exit $status); please report it with the lines above" ;;
  esac
}

# --- settings ---

require_one_of() { # name, value, allowed values
  name=$1 value=$2
  shift 2
  for allowed in "$@"; do
    [ "$value" != "$allowed" ] || return 0
  done
  fail 10 "$name is '$value'; use one of: $*"
}

read_settings() {
  for name in HOME WORKSPACE_DIRECTORY WORKSPACE_RUN_DIRECTORY; do
    eval "value=\${$name-}"
    case $value in
      */../* | */..) fail 10 "$name is '$value'; write the path without .." ;;
      /*) ;;
      *) fail 10 "$name is '$value'; set it to an absolute path" ;;
    esac
  done
  url=${WORKSPACE_REPOSITORY-}
  branch=${WORKSPACE_BRANCH-}
  directory=$(without_trailing_slashes "$WORKSPACE_DIRECTORY")
  home=$(without_trailing_slashes "$HOME")
  update=${WORKSPACE_UPDATE:-none}
  depth=${WORKSPACE_CLONE_DEPTH:-0}
  filter=${WORKSPACE_CLONE_FILTER-}
  submodules=${WORKSPACE_CLONE_SUBMODULES:-false}
  seed_mode=${AUTH_SEED:-if-changed}
  key_file=${GIT_DEPLOY_KEY_FILE:-/nonexistent}
  token_file=${GIT_TOKEN_FILE:-/nonexistent}
  known_hosts=${GIT_KNOWN_HOSTS_FILE:-/nonexistent}
  seed_file=${AUTH_SEED_FILE:-/nonexistent}

  require_one_of WORKSPACE_UPDATE "$update" none fetch fast-forward
  require_one_of WORKSPACE_CLONE_SUBMODULES "$submodules" true false
  require_one_of AUTH_SEED "$seed_mode" if-missing if-changed never
  case $depth in
    *[!0-9]*) fail 10 "WORKSPACE_CLONE_DEPTH is '$depth'; use a number of commits, 0 for all" ;;
  esac
  case $filter in
    -* | *[!A-Za-z0-9:=+%-]*) fail 10 "WORKSPACE_CLONE_FILTER is not a git filter; use for instance blob:none" ;;
  esac
  case $branch in
    -* | *[[:space:][:cntrl:]]*) fail 10 "WORKSPACE_BRANCH is not a branch name; it starts with '-' or has a blank in it" ;;
  esac
  case $home/ in
    "$directory"/*) fail 10 "WORKSPACE_DIRECTORY is '$directory', which is or contains HOME; logins would end up in the repository, use a directory below HOME" ;;
  esac
  parent=$(dirname "$directory")
}

without_trailing_slashes() {
  path=$1
  while [ "$path" != "${path%/}" ]; do path=${path%/}; done
  printf '%s\n' "$path"
}

refuse_url() { # what, reason; never the URL: it may hold a password
  fail 11 "$1 $2"
}

# Sets transport (none, ssh, https) and, for https, url_host (host[:port]).
parse_url() { # url, what it is
  transport=none
  url_host=
  case $1 in
    '') ;;
    -*) refuse_url "$2" "starts with '-'; use ssh://…, user@host:path or https://…" ;;
    *[[:space:][:cntrl:]]*) refuse_url "$2" "has a blank or a control character in it; remove it" ;;
    https://* | ssh://*) parse_authority "$1" "$2" ;;
    http://*) refuse_url "$2" "uses http, which would send the token and the code unencrypted; use https://…" ;;
    *://*) refuse_url "$2" "uses a transport other than ssh and https; use ssh://…, user@host:path or https://…" ;;
    *:*) parse_scp_form "$1" "$2" ;;
    *) refuse_url "$2" "is a local path; use ssh://…, user@host:path or https://…" ;;
  esac
}

parse_authority() {
  transport=${1%%://*}
  url_host=${1#*://}
  url_host=${url_host%%/*}
  case $url_host in
    *@*)
      refuse_secret_in "${url_host%@*}" "$2"
      url_host=${url_host##*@}
      ;;
  esac
  case ${url_host##*]} in
    *:*[!0-9]*) refuse_url "$2" "has a port that is not a number (or a password in it); write host:port" ;;
  esac
  case $url_host in
    '' | -*) refuse_url "$2" "has no host name in it" ;;
  esac
}

parse_scp_form() {
  case ${1%%:*} in
    */* | '') refuse_url "$2" "is a local path; use ssh://…, user@host:path or https://…" ;;
  esac
  case $1 in
    *::*)
      case ${1%%::*} in
        *[!A-Za-z0-9+.-]*) ;; # [::1]:path
        *) refuse_url "$2" "names a helper program; use ssh://…, user@host:path or https://…" ;;
      esac
      ;;
  esac
  transport=ssh
}

refuse_secret_in() { # user part, what
  case $1 in
    *:*) refuse_url "$2" "has a password in it; take it out and put a token under GIT_TOKEN into the Secret" ;;
    gh[a-z]_* | github_pat_* | gl[a-z]*-????????????????*) refuse_url "$2" "has a token in it; take it out and put it under GIT_TOKEN into the Secret" ;;
  esac
}

# --- environment ---

prepare_run_directory() {
  run=$(without_trailing_slashes "$WORKSPACE_RUN_DIRECTORY")
  errors=$run/errors
  answer=$run/answer
  (umask 077 && mkdir -p "$run" && : >"$errors" && : >"$answer") 2>/dev/null \
    || fail 10 "WORKSPACE_RUN_DIRECTORY '$run' is not writable; mount an emptyDir there"
}

check_tools() {
  command -v git >/dev/null || fail 12 "git is not in the image; use an image with git and an ssh client"
}

# Nothing a repository or the volume configures may run a program or choose a server here,
# because the secrets are readable in this container.
prepare_git() {
  export GIT_CONFIG_GLOBAL=/dev/null GIT_TEMPLATE_DIR='' GIT_ALLOW_PROTOCOL=ssh:https
  export GIT_TERMINAL_PROMPT=0 GIT_ASKPASS='' SSH_ASKPASS='' SSH_ASKPASS_REQUIRE=never GIT_NO_LAZY_FETCH=1
  export GIT_CEILING_DIRECTORIES="$parent" GIT_SSH_COMMAND=false
  git_setting core.hooksPath /dev/null
  git_setting core.fsmonitor false
  git_setting credential.helper ''
  git_setting gc.auto 0
  git_setting maintenance.auto false
  git_setting submodule.recurse false
  git_setting init.defaultBranch main
  git_setting http.lowSpeedLimit 1
  git_setting http.lowSpeedTime "$stall_seconds"
}

git_setting() { # key, value
  number=${GIT_CONFIG_COUNT:-0}
  export "GIT_CONFIG_KEY_$number=$1" "GIT_CONFIG_VALUE_$number=$2" "GIT_CONFIG_COUNT=$((number + 1))"
}

fail_on_volume() { # path, fallback code; reads $errors
  case $(cat "$errors") in
    *'No space left'* | *[Qq]'uota exceeded'*) fail 21 "the volume at $1 is full; grow it or delete something" ;;
    *'Permission denied'* | *'Read-only file system'* | *'not permitted'*)
      fail 20 "uid $(id -u) cannot write to $1 ($(owner_of "$1")); run the pod as the owner, or set fsGroup to a group that may write"
      ;;
    *) fail "$2" "cannot write to $1: $(tail -n 1 "$errors" | mask)" ;;
  esac
}

owner_of() { # path; it or its nearest existing parent
  path=$1
  while [ ! -e "$path" ]; do path=$(dirname "$path"); done
  stat -c 'owner %u:%g, mode %a' "$path"
}

check_volume() {
  write_probe "$home" 4096 || fail_on_volume "$home" 20
}

write_probe() { # directory, bytes
  probe=$1/.opencode-probe.$$
  probed=0
  dd if=/dev/zero of="$probe" bs="$2" count=1 2>"$errors" || probed=1
  rm -f "$probe" 2>/dev/null || :
  return "$probed"
}

volume_is_full() {
  ! write_probe "${stage:-$home}" 65536 && grep -q -e 'No space left' -e 'uota exceeded' "$errors"
}

# --- credentials ---

prepare_credentials() {
  case $transport in
    ssh) prepare_ssh ;;
    https)
      prepare_token
      # Submodules may be on an ssh server.
      if [ "$submodules" = true ] && [ -f "$key_file" ]; then prepare_ssh; fi
      ;;
  esac
}

prepare_ssh() {
  command -v ssh >/dev/null || fail 12 "ssh is not in the image; use an image with an ssh client, or an https:// URL"
  [ -r "$known_hosts" ] || fail 10 "GIT_KNOWN_HOSTS_FILE '$known_hosts' cannot be read; mount the chart's scripts ConfigMap"
  [ -f "$key_file" ] || fail 30 "no deploy key at $key_file; store the private key under GIT_DEPLOY_KEY in the Secret, or use an https:// URL"
  normalise_key
  export GIT_SSH_COMMAND="ssh -F /dev/null -i '$run/key' -o IdentitiesOnly=yes -o IdentityAgent=none -o BatchMode=yes \
-o PreferredAuthentications=publickey -o StrictHostKeyChecking=yes -o UserKnownHostsFile='$known_hosts' \
-o GlobalKnownHostsFile=/dev/null -o UpdateHostKeys=no -o ClearAllForwardings=yes -o LogLevel=ERROR \
-o ConnectTimeout=$connect_seconds -o ServerAliveInterval=15 -o ServerAliveCountMax=4"
}

# ssh wants LF line ends, a final newline and a file nobody else can read; secret stores and editors
# change all of these.
normalise_key() {
  [ -r "$key_file" ] || fail 31 "the deploy key $key_file cannot be read by uid $(id -u); give the volume mode 0440 and the pod an fsGroup"
  key=$(tr -d '\r' <"$key_file" | sed -e "1s/^$byte_order_mark//" -e 's/^[ 	]*//' -e 's/[ 	]*$//' -e '/^$/d')
  remedy='store the whole file that ssh-keygen wrote, with its line breaks, under GIT_DEPLOY_KEY in the Secret'
  case $key in
    *-----BEGIN*'PRIVATE KEY-----'*) ;;
    '') fail 31 "the deploy key is empty; $remedy" ;;
    ssh-* | ecdsa-* | sk-*) fail 31 "the deploy key is a public key; store the private one (the file without .pub) under GIT_DEPLOY_KEY in the Secret" ;;
    *) fail 31 "the deploy key is not a private key; $remedy" ;;
  esac
  case $key in
    *'PRIVATE KEY-----
'*'
-----END'*'PRIVATE KEY-----'*) ;;
    *) fail 31 "the deploy key is cut off or has lost its line breaks; $remedy" ;;
  esac
  if key_is_encrypted; then
    fail 32 "the deploy key is encrypted; store one without a passphrase (ssh-keygen -p -N '' -f FILE removes it) under GIT_DEPLOY_KEY in the Secret"
  fi
  (umask 077 && rm -f "$run/key" && printf '%s\n' "$key" >"$run/key") \
    || fail 10 "WORKSPACE_RUN_DIRECTORY '$run' is not writable; mount an emptyDir there"
  key=
}

# OpenSSH's format names its cipher at the start of the body: b3Bl… is "openssh-key-v1", …BG5vbmU the cipher "none".
key_is_encrypted() {
  case $key in
    *b3BlbnNzaC1rZXktdjEAAAAABG5vbmU*) return 1 ;;
    *'ENCRYPTED'* | *b3BlbnNzaC1rZXktdjEA*) ;;
    *) return 1 ;;
  esac
}

# The helper hands the token to the configured repository's server only: a submodule or a changed
# remote elsewhere gets none.
prepare_token() {
  [ -f "$token_file" ] || return 0
  [ -r "$token_file" ] || fail 37 "the token $token_file cannot be read by uid $(id -u); give the volume mode 0440 and the pod an fsGroup"
  if [ -z "$(tr -d '[:space:]' <"$token_file")" ]; then
    log "GIT_TOKEN in the Secret is empty; going on without a token"
    return 0
  fi
  export GIT_ASKPASS="$run/askpass" WORKSPACE_TOKEN_HOST="$token_host" GIT_TOKEN_FILE="$token_file"
  (umask 077 && cat >"$run/askpass" && chmod 700 "$run/askpass") <<'END' || fail 10 "WORKSPACE_RUN_DIRECTORY '$run' is not writable; mount an emptyDir there"
#!/bin/sh
asked=${1#*" for '"}
asked=${asked%"'"*}
asked=${asked#https://}
[ "${asked##*@}" = "$WORKSPACE_TOKEN_HOST" ] || exit 1
case $1 in
  Username*) echo x-access-token ;;
  Password*) tr -d '[:space:]' <"$GIT_TOKEN_FILE" ;;
  *) exit 1 ;;
esac
END
}

# --- git's failures ---

fail_git() { # status of the command
  case $1 in
    124 | 143) echo 'Operation timed out' >>"$errors" ;;
  esac
  tail -n 5 "$errors" | mask | while IFS= read -r line; do
    [ -z "$line" ] || log "git: $line"
  done
  explain_git
}

explain_git() {
  case $(cat "$errors") in
    *'No space left on device'* | *[Qq]'uota exceeded'*) fail 21 "the volume is full; grow it or delete something" ;;
    *'cannot run ssh'*) fail 12 "ssh is not in the image; use an image with an ssh client" ;;
    *'Remote branch'*'not found'*) fail 43 "the branch does not exist on the server; check workspace.branch" ;;
    *'No user exists for uid'*) fail 33 "ssh refuses uid $(id -u), which has no line in /etc/passwd; mount the chart's passwd file, or use an https:// URL" ;;
    *'HOST IDENTIFICATION HAS CHANGED'*) fail 35 "the server shows another host key than the known one; if its operator announced a new key, update workspace.knownHosts, else someone is in between" ;;
    *'Host key verification failed'*) fail 34 "the server's host key is not known; add the line of ssh-keyscan to workspace.knownHosts after comparing it with the fingerprint its operator publishes" ;;
    *'error in libcrypto'* | *'invalid format'*) fail 31 "ssh cannot read the deploy key; store the whole file that ssh-keygen wrote under GIT_DEPLOY_KEY in the Secret" ;;
    *'Permission denied ('*publickey* | *'Too many authentication failures'*) fail 36 "the server does not accept the deploy key; add its public half to the repository's deploy keys, or store the right key under GIT_DEPLOY_KEY in the Secret" ;;
    *'Could not resolve host'* | *'Could not resolve proxy'*) fail 40 "the server's name does not resolve; check the repository URL, the pod's DNS and its network policy" ;;
    *'SSL certificate'* | *'certificate verification failed'* | *'certificate signer not trusted'* | *'setting certificate'* | *'SSL: '* | *'certificate subject name'*)
      fail 38 "the server's certificate is not trusted; for a private CA mount its certificate and name it in GIT_SSL_CAINFO"
      ;;
    *'Authentication failed'* | *'could not read Username'* | *'could not read Password'* | *'HTTP Basic: Access denied'* | *'returned error: 40'[13]*)
      fail 37 "the server does not accept the token, or the repository is private or missing; store a token that may read it under GIT_TOKEN in the Secret"
      ;;
    *'epository not found'* | *"repository '"*"' not found"* | *'not appear to be a git repository'* | *'annot find repository'* | *'could not be found'* | *'epository does not exist'* | *'epository access denied'* | *'returned error: 404'*)
      fail 42 "the repository does not exist, or this key or token may not see it; check workspace.repository"
      ;;
    *"transport '"*"' not allowed"*) fail 11 "the repository or a submodule uses a transport other than ssh and https; change its URL" ;;
    *'refused'* | *'imed out'* | *'No route to host'* | *'unreachable'* | *'Failed to connect'* | *"Couldn't connect"* | *'Connection reset'* | *'Connection closed'* | *'closed by remote host'* | *'banner exchange'* | *'kex_exchange'* | *'too slow'* | *'not responding'* | *'early EOF'* | *'hung up unexpectedly'* | *'RPC failed'* | *'unexpected disconnect'* | *'returned error: 5'* | *'expected flush after'* | *'section header'* | *'transfer closed'* | *'Empty reply'* | *'recv error'* | *'handshake'*' failed'* | *'SSL_ERROR_SYSCALL'* | *'unexpected eof'* | *'TLS connect error'* | 'fatal: Could not read from remote'*)
      fail 41 "the server cannot be reached or stopped answering; check the URL's host and port, the network policy, and whether the server is up"
      ;;
    *'dubious ownership'* | *'Permission denied'* | *'Read-only file system'* | *'insufficient permission'*)
      fail 20 "uid $(id -u) cannot write to $directory ($(owner_of "$directory")); run the pod as the owner, or set fsGroup to a group that may write"
      ;;
    *)
      # Git does not always say that a write failed for lack of space.
      ! volume_is_full || fail 21 "the volume is full; grow it or delete something"
      fail 49 "git failed; its last lines are above"
      ;;
  esac
}

# --- what the directory holds ---

# Prints what a directory holds beside .git: foreign or empty, and nothing when there is none.
entries_state() {
  [ -e "$directory" ] || [ -L "$directory" ] || return 0
  [ -d "$directory" ] || {
    echo foreign
    return
  }
  for entry in "$directory"/* "$directory"/.*; do
    case ${entry##*/} in
      . | .. | .git | lost+found | .opencode-clone.*) ;;
      *)
        if [ -e "$entry" ] || [ -L "$entry" ]; then
          echo foreign
          return
        fi
        ;;
    esac
  done
  echo empty
}

is_repository() {
  git -C "$directory" rev-parse --git-dir >/dev/null 2>"$errors"
}

has_commit() {
  git -C "$directory" rev-parse --quiet --verify 'HEAD^{commit}' >/dev/null 2>"$errors"
}

# A clone of another tool, killed before it had anything: no ref, no reflog, no index, so nothing of the user's.
# The empty repositories made here have an index.
is_worthless() {
  if [ ! -d "$directory/.git" ] || [ -L "$directory/.git" ] || [ "$(entries_state)" != empty ]; then return 1; fi
  for made in packed-refs index logs worktrees modules; do
    [ ! -e "$directory/.git/$made" ] || return 1
  done
  [ -z "$(find "$directory/.git/refs" -type f 2>/dev/null | head -n 1)" ]
}

was_interrupted() {
  ! is_repository || [ "$(git -C "$directory" config --get remote.origin.url)" = "$url" ]
}

settle_directory() {
  if [ ! -e "$directory/.git" ] && [ ! -L "$directory/.git" ]; then
    [ "$(entries_state)" != foreign ] \
      || fail 22 "$directory holds files and is not a Git repository; nothing was touched: move them away, or set workspace.directory to another path"
    create_repository
  elif has_commit; then
    keep_repository
  elif grep -q 'dubious ownership' "$errors"; then
    fail 20 "$directory belongs to another uid than $(id -u) ($(owner_of "$directory")); run the pod as the owner, or change the owner"
  elif was_interrupted && is_worthless; then
    log "removing a clone that was killed before it had any commit"
    rm -rf "$directory/.git"
    create_repository
  elif is_repository; then
    [ -z "$(git -C "$directory" for-each-ref --count=1)" ] || log "HEAD of $directory points to no commit; repair it in the workspace"
    keep_repository
  else
    fail 23 "$directory/.git is damaged: $(tail -n 1 "$errors" | mask); nothing was touched: repair or move it, or set workspace.directory to another path"
  fi
}

# --- an existing repository ---

keep_repository() {
  if [ ! -w "$directory" ] || [ ! -w "$directory/.git" ]; then
    fail 20 "uid $(id -u) cannot write to $directory ($(owner_of "$directory")); run the pod as the owner, or change the owner"
  fi
  log "$directory holds a repository; kept as it is"
  if [ -e "$directory/.git/index.lock" ]; then
    log "$directory/.git/index.lock is left from a git command that was killed; remove it if git says another process is running"
  elif [ -d "$directory/.git" ] && [ ! -e "$directory/.git/index" ] && has_commit; then
    log "$directory was never checked out; run 'git reset --hard' there if files are missing"
  fi
  origin=$(git -C "$directory" config --get remote.origin.url) || origin=
  if [ -n "$url" ] && [ "$origin" != "$url" ]; then
    log "the repository setting has changed: $directory comes from $(shown "${origin:-no remote}"), the setting says $(shown "$url"); kept, run 'git remote set-url origin' there, or choose another workspace.directory"
  fi
  if [ "$update" != none ]; then
    bring_up_to_date &
    child=$!
    wait "$child" || log "starting with the repository as it is"
  fi
}

end_update() {
  end_child
  exit
}

# Runs as a process of its own: its failures end the update, not the start.
bring_up_to_date() {
  trap end_update TERM
  [ -n "$origin" ] || leave "the repository has no remote 'origin'"
  check_configuration
  parse_url "$origin" "the URL of the remote 'origin'"
  prepare_credentials
  unset GIT_NO_LAZY_FETCH
  await timeout "$update_seconds" git -C "$directory" fetch --quiet --no-recurse-submodules --no-prune origin >"$answer" 2>"$errors" || fail_git $?
  log "fetched from $(shown "$origin")"
  [ "$update" = fetch ] || fast_forward
}

# Git runs programs that a repository's own configuration names, and the workspace can write that file.
check_configuration() {
  git -C "$directory" config --local --no-includes --name-only --list >"$answer" 2>"$errors" || fail_git $?
  while IFS= read -r name; do
    case $name in
      core.repositoryformatversion | core.filemode | core.bare | core.logallrefupdates | core.ignorecase) ;;
      core.symlinks | core.precomposeunicode | core.autocrlf | core.eol | core.quotepath | core.abbrev) ;;
      remote.*.url | remote.*.pushurl | remote.*.fetch | remote.*.push | remote.*.tagopt | remote.*.prune) ;;
      remote.*.promisor | remote.*.partialclonefilter | remote.*.gh-resolved | remote.pushdefault) ;;
      branch.*.remote | branch.*.merge | branch.*.rebase | branch.*.description | branch.*.pushremote) ;;
      branch.*.vscode-merge-base | branch.*.gh-merge-base | branch.*.github-pr-owner-number | branch.autosetup*) ;;
      submodule.active | submodule.*.active | submodule.*.url) ;;
      extensions.partialclone | extensions.objectformat | extensions.refstorage) ;;
      user.* | alias.* | pull.* | push.* | rebase.* | color.* | advice.* | init.defaultbranch | fetch.prune | gc.auto) ;;
      merge.conflictstyle | commit.gpgsign | tag.gpgsign | lfs.repositoryformatversion) ;;
      *) leave "$directory/.git/config sets $(printf '%s\n' "$name" | mask), which could run a program beside the deploy key; move it to ~/.gitconfig" ;;
    esac
  done <"$answer"
  git -C "$directory" config --local --no-includes --get-all remote.origin.fetch >"$answer" 2>"$errors" || :
  while IFS= read -r refspec; do
    case $refspec in
      *:refs/remotes/*) ;;
      *) leave "remote.origin.fetch writes outside refs/remotes, which could overwrite branches; fetch by hand" ;;
    esac
  done <"$answer"
}

fast_forward() {
  current=$(git -C "$directory" symbolic-ref --quiet --short HEAD) \
    || leave "HEAD is detached"
  old=$(git -C "$directory" rev-parse --quiet --verify 'HEAD^{commit}') \
    || leave "$current has no commit yet"
  new=$(git -C "$directory" rev-parse --quiet --verify '@{upstream}^{commit}' 2>/dev/null) \
    || leave "$current follows no branch of the remote"
  if [ "$old" = "$new" ]; then
    log "$current is up to date"
    return 0
  fi
  if git -C "$directory" merge-base --is-ancestor "$new" "$old"; then
    leave "$current has commits that are not pushed"
  fi
  git -C "$directory" merge-base --is-ancestor "$old" "$new" \
    || leave "$current and the remote have diverged; merge or rebase in the workspace"
  changes=$(git -C "$directory" status --porcelain --untracked-files=no --ignore-submodules=dirty 2>"$errors") || fail_git $?
  [ -z "$changes" ] || leave "$directory has uncommitted changes"
  # Git's default would silently overwrite an ignored file that the new commit tracks.
  git -C "$directory" merge --quiet --ff-only --no-overwrite-ignore '@{upstream}' >/dev/null 2>"$errors" || {
    tail -n 5 "$errors" | mask | while IFS= read -r line; do log "git: $line"; done
    leave "git refused, see above"
  }
  log "$current fast-forwarded from $(printf '%.8s' "$old") to $(printf '%.8s' "$new")"
  if [ -e "$directory/.gitmodules" ]; then
    log "submodules are left as they were; run 'git submodule update' in the workspace"
  fi
}

# --- a new repository ---

create_repository() {
  prepare_credentials
  remote_is_empty=false
  [ "$transport" = none ] || ask_remote
  make_stage
  if [ "$transport" = none ]; then
    git init --quiet --initial-branch "${branch:-main}" "$stage/tree" 2>"$errors" || fail_git $?
    git -C "$stage/tree" read-tree --empty
    log "made an empty repository in $directory"
  else
    clone
  fi
  install_stage
}

# One question before the clone: it is bounded in time, which a clone cannot be, and it tells an
# empty remote from a missing branch.
ask_remote() {
  set -- HEAD
  if [ -n "$branch" ]; then set -- "refs/heads/$branch" "refs/tags/$branch"; fi
  await timeout "$question_seconds" git ls-remote -- "$url" "$@" >"$answer" 2>"$errors" || fail_git $?
  for wanted in "$@"; do
    ! remote_has "$wanted" || return 0
  done
  await timeout "$question_seconds" git ls-remote --heads -- "$url" >"$answer" 2>"$errors" || fail_git $?
  if [ ! -s "$answer" ]; then
    remote_is_empty=true
  elif [ -n "$branch" ]; then
    fail 43 "the branch '$branch' does not exist in $(shown "$url"); check workspace.branch"
  else
    fail 43 "the default branch of $(shown "$url") does not exist; name one in workspace.branch"
  fi
}

remote_has() { # full ref name
  cut -f 2 "$answer" | grep -qxF "$1"
}

# Beside the directory, so that one rename puts the finished clone into place. When the directory
# cannot be replaced (a mount point, or lost+found in it), inside it: see install_inside.
make_stage() {
  if [ ! -d "$directory" ]; then
    (umask 022 && mkdir -p "$parent") 2>"$errors" || fail_on_volume "$parent" 20
    stage_parent=$parent
  elif rmdir "$directory" 2>/dev/null; then
    stage_parent=$parent
  else
    stage_parent=$directory
  fi
  stage=$(mktemp -d "$stage_parent/.opencode-clone.XXXXXX" 2>"$errors") || fail_on_volume "$stage_parent" 20
}

clone() {
  set -- --quiet --origin origin
  if [ -n "$branch" ] && [ "$remote_is_empty" = false ]; then set -- "$@" --branch "$branch"; fi
  if [ "$depth" != 0 ]; then set -- "$@" --depth "$depth"; fi
  if [ -n "$filter" ]; then set -- "$@" --filter "$filter"; fi
  if [ "$submodules" = true ]; then
    set -- "$@" --recurse-submodules
    if [ "$depth" != 0 ]; then set -- "$@" --shallow-submodules; fi
  fi
  log "cloning $(shown "$url") into $directory"
  unset GIT_NO_LAZY_FETCH
  await git clone "$@" -- "$url" "$stage/tree" >/dev/null 2>"$errors" || fail_git $?
  if [ "$remote_is_empty" = true ]; then
    [ -z "$branch" ] || git -C "$stage/tree" symbolic-ref HEAD "refs/heads/$branch"
    git -C "$stage/tree" read-tree --empty
    log "the remote has no commit yet; $directory starts empty"
  else
    git -C "$stage/tree" rev-parse --quiet --verify 'HEAD^{commit}' >/dev/null 2>"$errors" || fail_git $?
  fi
}

install_stage() {
  # A rename can reach the disk before the files' contents do.
  sync -f "$stage" 2>/dev/null || sync
  if [ "$stage_parent" = "$directory" ]; then
    : >"$stage/whole"
    install_inside
  else
    mv "$stage/tree" "$directory" 2>"$errors" || fail_on_volume "$directory" 49
  fi
  log "$directory is ready"
}

# Many renames instead of one: .git comes last, and the mark 'whole' tells an interrupted run's
# successor that what is still in the stage only has to be moved.
install_inside() {
  for entry in "$stage/tree"/* "$stage/tree"/.* "$stage/tree/.git"; do
    name=${entry##*/}
    case $name in
      . | ..) continue ;;
      .git) [ -z "$(others_staged)" ] || continue ;;
    esac
    [ -e "$entry" ] || [ -L "$entry" ] || continue
    if [ -e "$directory/$name" ] || [ -L "$directory/$name" ]; then
      fail 22 "$directory/$name exists and the repository has an entry of that name; move it away"
    fi
    mv "$entry" "$directory/$name" 2>"$errors" || fail_on_volume "$directory" 49
  done
  rm -rf "$stage"
}

others_staged() {
  find "$stage/tree" -mindepth 1 -maxdepth 1 ! -name .git | head -n 1
}

# Only names this script makes; the app is not running yet, so nothing else is at work here.
finish_earlier_run() {
  for stage in "$directory"/.opencode-clone.??????; do
    if [ -e "$stage/whole" ] && [ -d "$stage/tree" ] && [ ! -e "$directory/.git" ]; then
      log "putting the clone of an interrupted start into place"
      install_inside
    fi
  done
  stage=
  rm -rf "$parent"/.opencode-clone.?????? "$directory"/.opencode-clone.?????? "$home"/.opencode-probe.* 2>/dev/null \
    || log "cannot remove what an interrupted start left in $parent; remove .opencode-clone.* by hand"
}

# --- login ---

seed_auth() {
  if [ "$seed_mode" = never ] || [ ! -f "$seed_file" ]; then return 0; fi
  [ -r "$seed_file" ] || fail 50 "the seed $seed_file cannot be read by uid $(id -u); give the volume mode 0440 and the pod an fsGroup"
  if ! is_json_object "$seed_file"; then
    log "COPILOT_AUTH_JSON in the Secret is empty or not a JSON object; ignored, auth.json is kept as it is"
    return 0
  fi
  data=$home/.local/share/opencode
  auth=$data/auth.json
  state=$home/.local/state/opencode-workspace
  record=$state/auth-seed.sha256
  seed_sum=$(sha256sum <"$seed_file")
  seed_sum=${seed_sum%% *}
  umask 077
  mkdir -p "$data" "$state" 2>"$errors" || fail_seed
  chmod 700 "$data" 2>/dev/null || :
  rm -f "$data"/.auth.json.??????
  install_seed
}

install_seed() {
  [ ! -d "$auth" ] || fail 50 "$auth is a directory; remove it in the workspace"
  if [ ! -s "$auth" ]; then
    write_seed "auth.json written"
  elif ! is_json_object "$auth"; then
    keep_aside
    write_seed "auth.json was not a JSON object; replaced, the old one is ${aside##*/}"
  elif cmp -s "$seed_file" "$auth"; then
    chmod 600 "$auth"
    remember_seed
  elif [ "$seed_mode" = if-changed ] && ! seed_is_remembered; then
    keep_aside
    write_seed "auth.json replaced by the changed seed, the old one is ${aside##*/}"
  fi
}

# tr drops blanks, so that the first and the last character tell; opencode accepts a byte order mark.
is_json_object() {
  text=$(tr -d '[:space:]\000' <"$1" 2>/dev/null)
  text=${text#"$byte_order_mark"}
  case $text in
    '{'*'}') ;;
    *) return 1 ;;
  esac
}

seed_is_remembered() {
  [ -r "$record" ] && [ "$(cat "$record")" = "$seed_sum" ]
}

remember_seed() {
  seed_is_remembered && return 0
  if ! printf '%s\n' "$seed_sum" 2>"$errors" >"$record.new" || ! mv -f "$record.new" "$record" 2>"$errors"; then
    fail_seed
  fi
}

keep_aside() {
  now=$(date -u +%Y%m%dT%H%M%SZ)
  aside=$auth.$now
  number=1
  while [ -e "$aside" ]; do
    number=$((number + 1))
    aside=$auth.$now-$number
  done
  # A second name needs no space on the volume.
  ln "$auth" "$aside" 2>/dev/null || cp "$auth" "$aside" 2>"$errors" || fail_seed
  chmod 600 "$aside"
}

write_seed() { # message
  written=$(mktemp "$data/.auth.json.XXXXXX" 2>"$errors") || fail_seed
  if ! cat "$seed_file" 2>"$errors" >"$written" || ! cmp -s "$seed_file" "$written"; then
    rm -f "$written"
    fail_seed
  fi
  mv -f "$written" "$auth" 2>"$errors" || fail_seed
  log "$1"
  remember_seed
}

fail_seed() {
  rm -f "$record.new" 2>/dev/null || :
  fail 50 "auth.json could not be written: $(tail -n 1 "$errors" | mask); the old one is kept, check the volume's space and owner"
}

main() {
  read_settings
  prepare_run_directory
  trap clean_up EXIT
  trap 'stop 129 HUP' HUP
  trap 'stop 130 INT' INT
  trap 'stop 143 TERM' TERM
  parse_url "$url" WORKSPACE_REPOSITORY
  token_host=$url_host
  check_tools
  prepare_git
  check_volume
  finish_earlier_run
  settle_directory
  seed_auth
}

main
