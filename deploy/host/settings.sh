# shellcheck shell=bash
# Sourced by whatever asks for a key of .env: the one place that reads it, as Compose does.

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
