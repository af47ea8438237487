# shellcheck shell=bash disable=SC2034  # its names are for those who source it
# Sourced by deploy/backup and deploy/restore: where a server's command runs, in containers or natively, and what a
# backup holds. in_postgres DATABASE COMMAND...: a client of PostgreSQL.
cd "$(dirname "${BASH_SOURCE[0]}")/.." || exit
backup_files=(database.dump tables.txt telemetry.gz configuration.tgz about.txt)
servers='kafka|rabbitmq|postgres|victoria-metrics|triton-server|triton-front|elasticsearch|kafka-ui|frontend'

fail() {
  printf '%s: %s\n' "$(basename "$0")" "$*" >&2
  exit 1
}

# shellcheck source=deploy/host/settings.sh
. deploy/host/settings.sh
if runs_in_containers; then
  database=$(docker exec postgres printenv POSTGRES_DB)
  owner=$(docker exec postgres printenv POSTGRES_USER)
  in_postgres() { docker exec -i -e "PGDATABASE=$1" -e "PGUSER=$owner" postgres "${@:2}"; }
  archive() { docker compose run --rm --no-deps --no-TTY victoria-consumer python -m telemetry_writer.archive "$1"; }
  running_services() { docker compose ps --services --status running | grep -vxE "$servers" || true; }
  stop_services() { docker compose stop "$@"; }
  start_command="docker compose up -d --wait"
  start_all() { docker compose up -d --wait; }
  models=$(setting MODEL_REPOSITORY model_repository) mission=$(setting MISSION_FILE missions/default.yaml)
else
  # shellcheck source=/dev/null  # it is checked on its own
  . deploy/native/env
  supervisor() { .venv/bin/supervisorctl -c .native/state/etc/supervisord.conf "$@"; }
  database=$POSTGRES_DB
  in_postgres() { PGDATABASE=$1 "${@:2}"; }
  archive() { .venv/bin/python -m telemetry_writer.archive "$1"; }
  running_services() { supervisor status | awk '$2 == "RUNNING" { print $1 }' | grep -vxE "$servers" || true; }
  stop_services() { supervisor stop "$@"; }
  start_command="make up"
  start_all() { make --no-print-directory up; }
  models=${MODEL_REPOSITORY#"$NATIVE_CHECKOUT/"} mission=${MISSION_FILE#"$NATIVE_CHECKOUT/"}
fi

# checksums FOLDER FILES...: lines of `sha256sum`, with what this system has for it.
checksums() {
  local folder=$1
  shift
  (cd "$folder" && if command -v sha256sum >/dev/null; then sha256sum "$@"; else shasum -a 256 "$@"; fi)
}

# table_contents DATABASE: count and hash of each table, one a line.
table_contents() {
  in_postgres "$1" psql -X -q -f - <deploy/table_contents.sql 2>&1 >/dev/null | table_lines
}

# Lets lines of tables pass, and shows all others to the operator.
table_lines() {
  awk '/^table / { print; next } { print > "/dev/stderr" }'
}
