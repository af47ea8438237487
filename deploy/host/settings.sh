# shellcheck shell=bash
# Sourced by whatever asks for a key of .env, or for the project: the one place that reads them, as Compose does.

# ask_env QUESTION [KEY]: see deploy/host/env.awk.
ask_env() { awk -v "ask=$1" -v "wanted=${2:-}" -f deploy/host/env.awk .env; }

value_of() { [ ! -f .env ] || ask_env value "$1"; }

has_key() { [ -f .env ] && ask_env presence "$1"; }

# What Compose will take: the shell's value, though it be empty, else .env's; where that is empty, the default.
setting() {
  local value
  if [ -n "${!1+set}" ]; then value=${!1}; else value=$(value_of "$1"); fi
  printf '%s' "${value:-${2:-}}"
}

# Where ports are published, without the brackets that an address of IPv6 may have in .env.
bind_address() {
  local address
  address=$(setting BIND_ADDRESS 127.0.0.1)
  case $address in '['*']') address=${address#[} address=${address%]} ;; esac
  printf '%s' "$address"
}

# The project's name: COMPOSE_PROJECT_NAME, else `name:` of the last of Compose's files that has one.
project_name() {
  local name separator files
  name=$(setting COMPOSE_PROJECT_NAME)
  if [ -z "$name" ]; then
    separator=$(setting COMPOSE_PATH_SEPARATOR :)
    IFS=$separator read -r -a files <<<"$(setting COMPOSE_FILE "docker-compose.yml${separator}docker-compose.override.yml")"
    name=$(sed -n "s/^name:[ \"']*\([a-z0-9][a-z0-9_-]*\).*/\1/p" "${files[@]}" 2>/dev/null | tail -n 1) || true
  fi
  printf '%s' "$name"
}

runs_in_containers() { [ -n "$(docker ps --quiet --filter "label=com.docker.compose.project=$(project_name)" 2>/dev/null)" ]; }
