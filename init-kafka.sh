#!/usr/bin/env bash
# Once before the first `docker compose up -d`: says what on this host would make it fail, before anything is pulled, and writes
# to .env what it needs: Kafka's cluster id, where Triton runs, which profiles start. May be run again: what is set stays.
# For bash 3.2 and the tools of macOS, too: no `sed -i`, no `readlink -f`, no associative arrays.
set -euo pipefail

script=${BASH_SOURCE[0]}
if [ -L "$script" ]; then script=$(dirname "$script")/$(readlink "$script"); fi
cd "$(dirname "$script")"

for part in engine gpu mounts ports settings; do
  # shellcheck source=/dev/null  # each is checked on its own
  . "deploy/host/$part.sh"
done

wanted=0

say() { printf '%s\n' "$*"; }
want() {
  wanted=$((wanted + 1))
  printf 'init-kafka: %s\n' "$*" >&2
}

refuse_if_wanted() {
  [ "$wanted" = 0 ] || {
    printf 'init-kafka: fix the problems above (%s), then run this again\n' "$wanted" >&2
    exit 1
  }
}

# Whatever ends this early, nobody may take it for a host that fits.
trap '[ "$?" = 0 ] || [ "$wanted" -gt 0 ] || echo "init-kafka: stopped before all checks were done; the line above, if any, says why" >&2' EXIT

# Where there is no Docker to ask.
end_here() {
  refuse_if_wanted
  exit 0
}

write_env() {
  { cat >.env; } 2>/dev/null || {
    want ".env cannot be written by $(id -un): make this user its owner, then run this again"
    exit 1
  }
}

# A line that Compose refuses is the end of every command of its own.
refuse_unreadable_env() {
  local problems problem
  problems=$(ask_env problems)
  while read -r problem; do
    [ -z "$problem" ] || want ".env cannot be read: $problem"
  done <<<"$problems"
  refuse_if_wanted
}

# Every other line stays as it is; the file keeps its owner and its mode.
set_key() {
  local lines
  lines=$(KEY=$1 VALUE=$2 awk '
    index($0, ENVIRON["KEY"] "=") == 1 { if (!done) print ENVIRON["KEY"] "=" ENVIRON["VALUE"]; done = 1; next }
    { print }
    END { if (!done) print ENVIRON["KEY"] "=" ENVIRON["VALUE"] }' .env)
  printf '%s\n' "$lines" | write_env
}

drop_key() {
  local lines
  lines=$(grep -v "^$1=" .env || true)
  printf '%s\n' "$lines" | write_env
}

new_cluster_id() { head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n'; }

keep_or_make_cluster_id() {
  local id
  id=$(value_of KAFKA_CLUSTER_ID)
  if [ -n "$id" ]; then
    say "KAFKA_CLUSTER_ID=$id stays as it is"
    return
  fi
  # A first id may begin with a dash, which Kafka's tools would take for an option.
  until [[ $id =~ ^[A-Za-z0-9] ]]; do id=$(new_cluster_id); done
  set_key KAFKA_CLUSTER_ID "$id"
  say "KAFKA_CLUSTER_ID=$id is written to .env"
}

has_profile() { case ",$(setting COMPOSE_PROFILES)," in *",$1,"* | *",*,"*) ;; *) return 1 ;; esac }

choose_device() {
  local reason
  # Earlier versions wrote one of these; Compose then overlooks docker-compose.override.yml.
  case $(value_of COMPOSE_FILE) in
    docker-compose.yml | docker-compose.yml:docker-compose.gpu.yml)
      drop_key COMPOSE_FILE
      say "COMPOSE_FILE was removed from .env: TRITON_DEVICE replaces it"
      ;;
  esac
  reason=$(why_no_gpu)
  if [ -n "$(value_of TRITON_DEVICE)" ]; then
    say "TRITON_DEVICE=$(value_of TRITON_DEVICE) stays as it is${reason:+ (no GPU for Docker: $reason)}"
  elif [ -z "$reason" ]; then
    set_key TRITON_DEVICE gpu
    say "An NVIDIA GPU was found: Triton uses it (TRITON_DEVICE=gpu)"
  else
    set_key TRITON_DEVICE cpu
    say "Triton runs on the CPU (TRITON_DEVICE=cpu): $reason"
  fi
}

# Without search the relay must not wait for it: it would report that it makes no progress.
match_search() {
  local url=http://elasticsearch:9200 written
  written=$(value_of ELASTICSEARCH_URL)
  if has_profile search; then
    if has_key ELASTICSEARCH_URL && [ -z "$written" ]; then
      set_key ELASTICSEARCH_URL "$url"
      say "ELASTICSEARCH_URL=$url is written to .env: search starts (COMPOSE_PROFILES)"
    fi
  elif [ -z "$written" ] || [ "$written" = "$url" ]; then
    { has_key ELASTICSEARCH_URL && [ -z "$written" ]; } || {
      set_key ELASTICSEARCH_URL ""
      say "ELASTICSEARCH_URL= is written to .env: search does not start (COMPOSE_PROFILES)"
    }
  fi
}

say_addresses() {
  local host
  host=$(bind_address)
  case $host in 127.* | 0.0.0.0) host=localhost ;; *:*) host="[$host]" ;; esac
  say "Then: docker compose up -d"
  say "  console     http://$host:$(setting NGINX_PORT 80)/"
  say "  API         http://$host:$(setting OPERATION_SERVER_PORT 8000)/docs"
  say "  telemetry   Kafka, $(setting KAFKA_EXTERNAL_HOST localhost):$(setting KAFKA_PORT 9092), topic satellite-telemetry"
}

touch .env 2>/dev/null || true
[ -f .env ] && [ -r .env ] || { want ".env cannot be read by $(id -un)"; exit 1; }
[ -z "${NATIVE_STATE:-}" ] || say "This shell has the keys of native mode, which take precedence over .env: use another shell for docker compose" >&2
refuse_unreadable_env
keep_or_make_cluster_id
has_key COMPOSE_PROFILES || set_key COMPOSE_PROFILES search,kafka-ui
match_search
check_mounts
check_execution
open_commands

ask_docker
choose_device
check_versions
check_memory
check_disks
check_ports
refuse_if_wanted
say_addresses
