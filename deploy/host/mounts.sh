# shellcheck shell=bash
# Sourced by init-kafka.sh: what containers see of this folder, and whether they may read and execute it.

# Place in the container and path of everything in this folder that docker-compose.yml mounts.
# shellcheck disable=SC2016  # a pattern
mounts() {
  local place path
  while read -r place path; do
    [ "$path" != MODELS ] || path=$(setting MODEL_REPOSITORY model_repository)
    printf '%s %s\n' "$place" "$path"
  done <<<"$(sed -n 's/^ *#.*//; s|${MODEL_REPOSITORY:-model_repository}|MODELS|; s|.*[ "]\./\([^:]*\):\(/[^:"]*\).*|\2 \1|p' docker-compose.yml)"
}

# Compose joins these to this folder: of an absolute or a wrong name it would make an empty folder, and mount that.
check_configured_paths() {
  local key default value
  while read -r key default; do
    value=$(setting "$key" "$default")
    case $value in
      "") ;;
      /*) want "$key=$value is an absolute path: give it relative to this folder, such as ${default:-notify/example.yaml}" ;;
      *) [ -e "$value" ] || want "$key=$value does not exist in this folder: add it, or set another one in .env" ;;
    esac
  done <<<"MODEL_REPOSITORY model_repository
MISSION_FILE missions/default.yaml
NOTIFY_FILE"
  value=$(setting NOTIFY_FILE)
  case ${value#./} in
    "" | /* | notify/*) ;;
    *) want "NOTIFY_FILE=$value is outside notify/, the only folder in which alarm-notifier can read it: put it there" ;;
  esac
}

check_mounts() {
  local path shown=() executed=()
  check_configured_paths
  while read -r path; do
    if [ -e "$path" ]; then
      shown+=("$path")
    elif [ "$path" != "$(setting MODEL_REPOSITORY model_repository)" ]; then
      want "$path is missing, but containers need it: restore it"
    fi
  done <<<"$(mounts | cut -d ' ' -f 2- | sort -u)"
  while read -r path; do
    [ ! -e "$path" ] || executed+=("$path")
  done <<<"$(mounts | sed -n 's|^/[^ ]*/bin/[^ ]* ||p' | sort -u)"
  [ "${#shown[@]}" = 0 ] || [ "${#executed[@]}" = 0 ] || open_to_containers
}

# Containers read these as users of their own; a clone under umask 077 or an unpacked archive may deny it. Only what is closed
# is changed: nobody but its owner and root may. (`shown` and `executed` are the caller's.)
open_to_containers() {
  local closed refused
  local -a unreadable=('(' -type d ! -perm -005 -o -type f ! -perm -004 ')')
  closed=$(find -H "${shown[@]}" "${unreadable[@]}" -print 2>/dev/null; find -H "${executed[@]}" ! -perm -111 -print 2>/dev/null) || true
  refused=$({
    find -H "${shown[@]}" "${unreadable[@]}" -exec chmod a+rX {} +
    find -H "${executed[@]}" ! -perm -111 -exec chmod a+x {} +
  } 2>&1) || true
  if [ -n "$refused" ]; then
    want "containers cannot read all the files that they need here (${refused%%$'\n'*}): as the owner, chmod -R a+rX ${shown[*]} && chmod a+x ${executed[*]}"
  elif [ -n "$closed" ]; then
    say "Containers can now read the files that they need in this folder (${closed%%$'\n'*} was not readable before)"
  fi
}

# A bind mount is as little executable as the file system below it.
check_execution() {
  command -v findmnt >/dev/null || return 0
  case ",$(findmnt -n -o OPTIONS -T . 2>/dev/null || true)," in
    *,noexec,*) say "This folder is on a file system without execution (noexec): 'docker exec kafka kafka-topics' and the other Kafka tools do not work, and scripts need 'bash' before their name" >&2 ;;
  esac
}

# An archive without modes leaves the operator's commands without theirs.
open_commands() {
  local commands=(upgrade.sh monitor.sh deploy/backup deploy/restore) command
  for command in "${commands[@]}"; do
    [ ! -f "$command" ] || [ -x "$command" ] || chmod u+x "$command" 2>/dev/null || say "Run it as 'bash $command': $command cannot be made executable" >&2
  done
}
