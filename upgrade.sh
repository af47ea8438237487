#!/usr/bin/env bash
# Run it once the sources of a new version are here: it checks, backs up, fetches and builds images, starts them, and checks the
# result. Until the start the running platform is not touched. Manual steps, and how to go back: docs/upgrade.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

fail() {
  printf 'upgrade: %s\n' "$*" >&2
  exit 1
}

# Names each container that is neither running and healthy nor a one-shot that succeeded.
unwell() {
  docker compose ps --all --format '{{.Name}} {{.State}} {{.ExitCode}} {{.Health}}' \
    | awk '!($2 == "running" && ($4 == "healthy" || $4 == "")) && !($2 == "exited" && $3 == 0) { printf "%s ", $1 }'
}

count_jobs() { docker exec postgres psql -U "$user" -d "$database" -X -At -c "SELECT count(*) FROM inference_jobs"; }

major_of() { printf '%s' "$1" | sed 's/^[^:]*:\([0-9]*\).*/\1/'; }

[ -f .env ] || fail "there is no .env here: an upgrade is made in the folder of the running platform"
conflicts=$(grep -lE '^(<<<<<<<|>>>>>>>) ' docker-compose*.yml Dockerfile .env init-kafka.sh || true)
[ -z "$conflicts" ] || fail "merge conflicts are left in $conflicts: solve them first"
bash init-kafka.sh || fail "this host does not fit the new version as it is: nothing was changed"

running=$(docker inspect --format '{{.Config.Image}}' postgres 2>/dev/null) \
  || fail "the platform does not run: start the old version first (docker compose up -d --wait), so that it can be backed up"
wanted=$(sed -n 's/^ *image: \(postgres:.*\)/\1/p' docker-compose.yml)
[ "$(major_of "$running")" = "$(major_of "$wanted")" ] \
  || fail "$running cannot hand its data to $wanted: back up, remove the volume, restore (docs/upgrade.md)"
user=$(docker exec postgres printenv POSTGRES_USER) database=$(docker exec postgres printenv POSTGRES_DB)
ill=$(unwell)
[ -z "$ill" ] || fail "not everything is well before the upgrade: ${ill% }. docker compose ps --all tells; mend that first"

jobs_before=$(count_jobs)
backup=backups/before_upgrade_$(date -u +%Y%m%d_%H%M%S)
bash deploy/backup "$backup" || fail "there is no backup, so nothing was changed"

docker compose pull --ignore-buildable || fail "images could not be fetched; the old version goes on running"
docker compose build --pull || fail "images could not be built; the old version goes on running"

way_back="the backup is $backup; the way back is in docs/upgrade.md"
docker compose up -d --wait --remove-orphans || fail "the new version did not start: docker compose logs tells why; $way_back"
ill=$(unwell)
[ -z "$ill" ] || fail "these did not come up: ${ill% }; $way_back"
jobs_after=$(count_jobs)
[ "$jobs_after" -ge "$jobs_before" ] || fail "there were $jobs_before jobs before and are $jobs_after now; $way_back"
printf 'Upgraded: %s jobs, every service healthy. Backup: %s\n' "$jobs_after" "$backup"
