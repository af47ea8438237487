#!/usr/bin/env bash
# Once before the first `docker compose up -d`: says what on this host would make it fail, before anything is pulled, and writes
# to .env what it needs: Kafka's cluster id, where Triton runs, which profiles start. May be run again: what is set stays.
# For bash 3.2 and the tools of macOS, too: no `sed -i`, no `readlink -f`, no associative arrays.
set -euo pipefail

script=${BASH_SOURCE[0]}
if [ -L "$script" ]; then script=$(dirname "$script")/$(readlink "$script"); fi
cd "$(dirname "$script")"

# shellcheck source=deploy/host/mounts.sh
. deploy/host/mounts.sh

project=satellite
default_image=nvcr.io/nvidia/tritonserver:24.10-py3
wanted=0

say() { printf '%s\n' "$*"; }
want() {
  wanted=$((wanted + 1))
  printf 'init-kafka: %s\n' "$*" >&2
}

# As Compose reads .env: quotes, `export`, remarks behind a value and line ends of Windows do not belong to the value.
value_of() {
  KEY=$1 awk '
    { sub(/\r$/, ""); sub(/^[ \t]*(export[ \t]+)?/, "") }
    index($0, ENVIRON["KEY"] "=") == 1 {
      value = substr($0, length(ENVIRON["KEY"]) + 2)
      if (value ~ /^".*"/ || value ~ /^\047.*\047/) {
        quote = substr(value, 1, 1); value = substr(value, 2); value = substr(value, 1, index(value, quote) - 1)
      } else { sub(/[ \t]+#.*/, "", value); sub(/[ \t]+$/, "", value) }
    }
    END { print value }' .env
}

# What Compose will take: the shell's value, .env's, or the default.
setting() {
  local value=${!1:-}
  [ -n "$value" ] || value=$(value_of "$1")
  printf '%s' "${value:-${2:-}}"
}

write_env() {
  { cat >.env; } 2>/dev/null || {
    want ".env cannot be written by $(id -un): give it to this user, then run this again"
    exit 1
  }
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

# Versions that begin with `v` or end in `-ce`, `+dfsg1`, `-desktop.2` are compared by their first two numbers.
is_older() {
  local have=${1#v} need=$2 have_major have_minor
  have_major=${have%%.*}
  have_minor=${have#*.} have_minor=${have_minor%%[!0-9]*}
  [ "$have_major" -lt "${need%%.*}" ] || { [ "$have_major" -eq "${need%%.*}" ] && [ "${have_minor:-0}" -lt "${need#*.}" ]; }
}

# The engine: 20.10 is the first whose BuildKit sets file modes. Compose: 2.24 is the first that reads this file as it is meant.
check_versions() {
  local compose
  ! is_older "$engine_version" 20.10 || want "Docker Engine $engine_version is too old: 20.10 or newer is needed"
  if ! compose=$(docker compose version --short 2>/dev/null); then
    want "the command 'docker compose' is missing: install the Compose plugin, 2.24 or newer ('docker-compose' is another program)"
  elif is_older "$compose" 2.24; then
    want "Docker Compose $compose is too old: 2.24 or newer is needed"
  fi
}

has_profile() { case ",$(setting COMPOSE_PROFILES)," in *",$1,"* | *",*,"*) ;; *) return 1 ;; esac }

# What the containers are estimated to use from the native mode's figures, with room; their limits are higher.
check_memory() {
  local need=3500 have=$((${memory_bytes:-0} / 1048576)) remedy=''
  [ "$(setting TRITON_DEVICE cpu)" = cpu ] || need=$((need + 2500))
  if has_profile search; then need=$((need + 1300)) remedy=", or COMPOSE_PROFILES= in .env: without search and Kafka UI"; fi
  if has_profile kafka-ui; then need=$((need + 500)) remedy=", or COMPOSE_PROFILES= in .env: without search and Kafka UI"; fi
  [ "$have" -ge "$need" ] || want "Docker has $have MB of memory, $need MB are needed: give it more$remedy"
}

# Docker Desktop keeps its images on a disk of its own, which cannot be seen from here: then this folder's disk is looked at.
check_disk() {
  local need=12 have where=$docker_root
  [ "$(setting TRITON_DEVICE cpu)" = cpu ] || need=40
  [ -d "$where" ] || where=.
  have=$(($(df -Pk "$where" | awk 'NR == 2 { print $4 }') / 1048576))
  [ "$have" -ge "$need" ] || want "$have GB are free on the disk of $where, $need GB are needed for images and data"
}

is_taken() { (exec 3<>"/dev/tcp/$1/$2") 2>/dev/null; }

# Without root a stranger's process has no name.
owner_of() {
  local name=''
  if command -v lsof >/dev/null; then name=$(lsof -nP "-iTCP:$1" -sTCP:LISTEN -Fc 2>/dev/null | sed -n 's/^c//p' | head -n 1) || true; fi
  if [ -z "$name" ] && command -v ss >/dev/null; then
    name=$(ss -Hltnp "sport = :$1" 2>/dev/null | sed -n 's/.*users:(("\([^"]*\)",pid=\([0-9]*\).*/\1 (process \2)/p' | head -n 1) || true
  fi
  printf '%s' "${name:-a process that only its owner or root may name}"
}

check_port() {
  local key=$1 port address container
  port=$(setting "$key" "$2")
  address=$(setting BIND_ADDRESS 127.0.0.1)
  case $port in
    '' | *[!0-9]*) want "$key=$port is not a port number"; return ;;
  esac
  case " $seen_ports " in
    *" $port "*) want "$key=$port is the port of another key, too: each needs its own" ;;
  esac
  seen_ports="$seen_ports $port"
  if [ "$is_rootless" = yes ] && [ "$port" -lt 1024 ]; then
    want "Docker runs without root and may not open port $port: set $key in .env to one from 1024 on"
  fi
  case $address in 0.0.0.0 | '::' | '[::]') address=127.0.0.1 ;; esac
  is_taken "$address" "$port" || return 0
  container=$(docker ps --filter "publish=$port" --format '{{.Label "com.docker.compose.project"}}/{{.Names}}' | head -n 1)
  case $container in
    "$project"/*) ;;
    */*) want "port $port is taken by the container ${container#*/}: stop it, or set $key in .env to a free port" ;;
    *) want "port $port is taken by $(owner_of "$port"): stop it, or set $key in .env to a free port" ;;
  esac
}

# docker-compose.yml itself says which ports are published under which key.
check_ports() {
  local key default
  seen_ports=''
  while read -r key default; do
    check_port "$key" "$default"
  done <<<"$(sed -n 's/.*{BIND_ADDRESS:-127\.0\.0\.1}:\${\([A-Z_]*\):-\([0-9]*\)}:.*/\1 \2/p' docker-compose.yml)"
}

# Empty where Triton's image can use the GPU of this host, else the reason.
why_no_gpu() {
  local smi=nvidia-smi listed driver capability
  [ "$(uname -s)" != Darwin ] || { say "containers on macOS have no GPU"; return; }
  # sudo leaves WSL's folder out of PATH.
  command -v "$smi" >/dev/null || smi=/usr/lib/wsl/lib/nvidia-smi
  command -v "$smi" >/dev/null || { say "there is no NVIDIA driver (no nvidia-smi)"; return; }
  if ! listed=$("$smi" --query-gpu=driver_version,compute_cap --format=csv,noheader 2>&1); then
    say "nvidia-smi finds none: $(say "$listed" | head -n 1)"
    return
  fi
  listed=$(say "$listed" | head -n 1 | tr -d ' \r')
  driver=${listed%%,*} capability=${listed#*,}
  if [ "$(setting TRITON_IMAGE "$default_image")" = "$default_image" ]; then
    ! is_older "$driver" 525.0 || { say "driver $driver is too old for $default_image: 525 or newer is needed"; return; }
    is_older "$capability" 10.0 || {
      say "this card (compute capability $capability) is newer than $default_image: set TRITON_IMAGE to release 25.01 or later, TRITON_DEVICE=gpu"
      return
    }
    ! is_older "$capability" 6.0 || { say "this card (compute capability $capability) is older than $default_image supports"; return; }
  fi
  case $runtimes in
    *nvidia*) ;;
    *) why_no_runtime ;;
  esac
}

why_no_runtime() {
  case $docker_system in
    *"Docker Desktop"*) say "Docker Desktop ($platform_name) offers no NVIDIA runtime: it needs the WSL 2 backend and a version after 4.33" ;;
    *) say "Docker knows no NVIDIA runtime: install NVIDIA's Container Toolkit, 'nvidia-ctk runtime configure --runtime=docker', restart Docker" ;;
  esac
}

choose_device() {
  local reason
  # Earlier versions wrote one of these; Compose then overlooks docker-compose.override.yml.
  case $(value_of COMPOSE_FILE) in
    docker-compose.yml | docker-compose.yml:docker-compose.gpu.yml)
      drop_key COMPOSE_FILE
      say "COMPOSE_FILE is gone from .env: TRITON_DEVICE takes its place"
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

# Without search nobody may wait for it: the relay would, and say that it does not get on.
match_search() {
  local url=http://elasticsearch:9200 written
  written=$(value_of ELASTICSEARCH_URL)
  if has_profile search; then
    if grep -q '^ELASTICSEARCH_URL=' .env && [ -z "$written" ]; then
      set_key ELASTICSEARCH_URL "$url"
      say "ELASTICSEARCH_URL=$url is written to .env: search starts (COMPOSE_PROFILES)"
    fi
  elif [ -z "$written" ] || [ "$written" = "$url" ]; then
    grep -q '^ELASTICSEARCH_URL=$' .env || {
      set_key ELASTICSEARCH_URL ""
      say "ELASTICSEARCH_URL= is written to .env: search does not start (COMPOSE_PROFILES)"
    }
  fi
}

say_addresses() {
  local host
  host=$(setting BIND_ADDRESS 127.0.0.1)
  case $host in 127.* | 0.0.0.0) host=localhost ;; esac
  say "Then: docker compose up -d"
  say "  console     http://$host:$(setting NGINX_PORT 80)/"
  say "  API         http://$host:$(setting OPERATION_SERVER_PORT 8000)/docs"
  say "  telemetry   Kafka, $(setting KAFKA_EXTERNAL_HOST localhost):$(setting KAFKA_PORT 9092), topic satellite-telemetry"
}

touch .env 2>/dev/null || true
[ -f .env ] && [ -r .env ] || { want ".env cannot be read by $(id -un)"; exit 1; }
[ -z "${NATIVE_STATE:-}" ] || say "This shell holds the native mode's keys, which win over .env: use another shell for docker compose" >&2
keep_or_make_cluster_id
grep -q '^COMPOSE_PROFILES=' .env || set_key COMPOSE_PROFILES search,kafka-ui
match_search
check_mounts
check_execution
open_commands

if ! facts=$(docker info --format '{{.ServerVersion}}|{{.MemTotal}}|{{.DockerRootDir}}|{{.OperatingSystem}}|{{json .Runtimes}}|{{json .SecurityOptions}}' 2>/dev/null) \
  || [ -z "${facts%%|*}" ]; then
  say "Docker does not answer, so nothing about it was looked at: start it, then run this again before docker compose up -d" >&2
  exit 0
fi
IFS='|' read -r engine_version memory_bytes docker_root docker_system runtimes security <<<"$facts"
platform_name=$(docker version --format '{{.Server.Platform.Name}}' 2>/dev/null || true)
case $security in *rootless*) is_rootless=yes ;; *) is_rootless=no ;; esac

choose_device
check_versions
check_memory
check_disk
check_ports
if [ "$wanted" -gt 0 ]; then
  printf 'init-kafka: %s to change as said above, then run this again\n' "$wanted" >&2
  exit 1
fi
say_addresses
