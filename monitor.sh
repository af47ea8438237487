#!/usr/bin/env bash
# The state of the platform on one page: of its containers where they run, else of the native mode.
# Exit status 1 when something could not be asked.
set -uo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" || exit 1

readonly limit_s=30
readonly jobs_of_the_last_hour="SELECT COUNT(*) as total,
 COUNT(CASE WHEN status='completed' THEN 1 END) as completed,
 COUNT(CASE WHEN status='processing' THEN 1 END) as processing
FROM inference_jobs WHERE created_at > NOW() - INTERVAL '1 hour';"
outcome=0

in_containers() {
  command -v docker >/dev/null && [ -n "$(timeout "$limit_s" docker compose ps -q 2>/dev/null)" ]
}

# ask CONTAINER COMMAND...: the command in its container, or natively as it stands.
ask() {
  local container=$1
  shift
  if [ "$mode" = containers ]; then set -- docker exec "$container" "$@"; fi
  timeout "$limit_s" "$@" </dev/null
}

services() {
  if [ "$mode" = containers ]; then
    timeout "$limit_s" docker compose ps --format 'table {{.Service}}\t{{.Status}}'
  else
    native_services
  fi
}

# Status 1 with a table = something is unhealthy, as the table says; without one, nothing could be asked.
native_services() {
  local table status
  table=$(timeout "$limit_s" .venv/bin/python -m deploy.native status --brief)
  status=$?
  printf '%s\n' "$table"
  [ "$status" = 0 ] || { [ "$status" = 1 ] && [ -n "$table" ]; }
}

queue() {
  local answer
  answer=$(ask rabbitmq rabbitmqctl list_queues) || { printf '%s\n' "$answer"; return 1; }
  grep inference <<<"$answer" || { echo 'the queue inference is missing'; return 1; }
}

lag() {
  local answer
  answer=$(ask kafka kafka-consumer-groups --bootstrap-server localhost:9092 --describe \
    --group analysis-inference-group) || { printf '%s\n' "$answer"; return 1; }
  grep satellite-telemetry <<<"$answer" || { echo 'the group reads nothing of satellite-telemetry'; return 1; }
}

jobs_of_the_database() { ask postgres psql -U "$user" -d "$database" -c "$jobs_of_the_last_hour"; }

# No GPU is a normal state and no failure; a server that is away is one.
gpu() {
  if [ "$mode" = containers ] && ! ask triton-server true 2>&1; then return 1; fi
  ask triton-server nvidia-smi --query-gpu=utilization.gpu,utilization.memory,temperature.gpu \
    --format=csv,noheader 2>/dev/null || echo 'not available'
}

# block HEADING COMMAND...: its output, or the first line of the reason why there is none.
block() {
  local heading=$1 answer status errors
  shift
  echo "$heading"
  errors=$(mktemp)
  answer=$("$@" 2>"$errors")
  status=$?
  if [ "$status" = 0 ]; then
    printf '%s\n' "$answer"
  else
    outcome=1
    reason "$status" <"$errors" "$answer"
  fi
  rm -f "$errors"
  echo
}

reason() {
  local status=$1 line
  line=$(printf '%s\n%s\n' "$(cat)" "$2" | grep -m 1 '[^[:space:]]')
  if [ "$status" = 124 ]; then line="no answer within $limit_s s"; fi
  echo "not available: ${line:-the command ended with status $status}"
}

user=${POSTGRES_USER:-admin} database=${POSTGRES_DB:-orders_db}
if in_containers; then
  mode=containers
else
  mode=native
  # shellcheck source=deploy/native/env
  . deploy/native/env
fi

echo '=== System Status ==='
echo
block 'Services:' services
block 'RabbitMQ Queue:' queue
block 'Kafka Lag:' lag
block 'PostgreSQL Stats:' jobs_of_the_database
block 'GPU Status:' gpu
exit "$outcome"
