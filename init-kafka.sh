#!/usr/bin/env bash
# Once before the first `docker compose up -d`: writes Kafka's cluster id to .env, and whether this host has an NVIDIA GPU.
# May be run again: what is set stays.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")"

new_cluster_id() { head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=\n'; }

value_of() { sed -n "s/^$1=//p" .env | tail -n 1 | tr -d '\r'; }

# Sets a key that .env lacks or holds without a value; every other line stays as it is.
set_key() {
  local name=$1 value=$2
  if grep -q "^$name=" .env; then
    sed -i "s|^$name=.*|$name=$value|" .env
  else
    [ ! -s .env ] || [ -z "$(tail -c 1 .env)" ] || echo >>.env
    printf '%s=%s\n' "$name" "$value" >>.env
  fi
}

# Docker must know the runtime: a driver alone is of no use to a container.
has_gpu() {
  command -v nvidia-smi >/dev/null && nvidia-smi -L >/dev/null 2>&1 \
    && docker info --format '{{json .Runtimes}}' 2>/dev/null | grep -q nvidia
}

touch .env
cluster_id=$(value_of KAFKA_CLUSTER_ID)
if [ -z "$cluster_id" ]; then
  # A first id may begin with a dash, which Kafka's tools would take for an option.
  until [[ $cluster_id =~ ^[A-Za-z0-9] ]]; do cluster_id=$(new_cluster_id); done
  set_key KAFKA_CLUSTER_ID "$cluster_id"
  echo "KAFKA_CLUSTER_ID=$cluster_id is written to .env"
else
  echo "KAFKA_CLUSTER_ID=$cluster_id stays as it is"
fi

if [ -n "$(value_of COMPOSE_FILE)" ]; then
  echo "COMPOSE_FILE=$(value_of COMPOSE_FILE) stays as it is"
elif has_gpu; then
  set_key COMPOSE_FILE docker-compose.yml:docker-compose.gpu.yml
  echo "An NVIDIA GPU was found: Triton uses it"
else
  set_key COMPOSE_FILE docker-compose.yml
  echo "No NVIDIA GPU that Docker can use: Triton runs on the CPU"
fi
