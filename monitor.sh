#!/usr/bin/env bash
# The state of the platform at a glance, in containers or natively. Exits with 1 if something could not be queried.
set -uo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")" || exit

outcome=0
statistics="SELECT COUNT(*) as total, COUNT(CASE WHEN status='completed' THEN 1 END) as completed,
  COUNT(CASE WHEN status='processing' THEN 1 END) as processing
  FROM inference_jobs WHERE created_at > NOW() - INTERVAL '1 hour';"
group=(--bootstrap-server localhost:9092 --describe --group analysis-inference-group)
gpu=(--query-gpu="utilization.gpu,utilization.memory,temperature.gpu" --format="csv,noheader")

# Prints a heading and the output of the command after it, or the last line of its error; a failure does not stop the rest.
block() {
  local heading=$1 pattern=$2 printed errors
  shift 2
  echo "$heading"
  errors=$(mktemp)
  if printed=$("$@" 2>"$errors") && printed=$(grep -E "$pattern" <<<"$printed"); then
    echo "$printed"
  else
    echo "not available: $(tail -n 1 "$errors")"
    outcome=1
  fi
  rm -f "$errors"
  echo
}

# What differs: where a command runs.
# shellcheck source=deploy/host/settings.sh
. deploy/host/settings.sh
if runs_in_containers; then
  in_container() { timeout 30 docker exec "$@"; }
  services=(timeout 30 docker compose ps --format "table {{.Service}}\t{{.Status}}")
else
  # shellcheck source=/dev/null  # it is checked on its own
  . deploy/native/env
  in_container() { timeout 30 "${@:2}"; }
  services=(timeout 30 .venv/bin/python -m deploy.native status --brief)
fi

echo "=== System Status ==="
echo
block "Services:" . "${services[@]}"
block "RabbitMQ Queue:" inference in_container rabbitmq rabbitmqctl list_queues
block "Kafka Lag:" satellite-telemetry in_container kafka kafka-consumer-groups "${group[@]}"
# shellcheck disable=SC2016  # the keys are those of the place where it runs
block "PostgreSQL Stats:" . in_container postgres sh -c 'psql -U "$POSTGRES_USER" -d "$POSTGRES_DB" -c "$1"' sh "$statistics"
echo "GPU Status:"
# Docker writes its own errors to the output.
if printed=$(in_container triton-server nvidia-smi "${gpu[@]}" 2>/dev/null); then echo "$printed"; else echo "not available"; fi
echo
exit "$outcome"
