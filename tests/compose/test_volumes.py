"""What `down` keeps and what `down -v` deletes; last of all, because it does."""

import pytest

from testbed.running_platform import Platform
from tests.compose.containers import Containers

PSQL = "docker exec -i postgres psql -q -U admin -v ON_ERROR_STOP=1"
VOLUMES = "docker volume ls --quiet --filter label=com.docker.compose.project=satellite"

pytestmark = pytest.mark.compose


def job_ids(platform: Platform) -> set[str]:
    return {row[0] for row in platform.query("SELECT job_id FROM inference_jobs")}


def test_a_backup_restored_into_an_empty_database_holds_every_job(
    containers: Containers, platform: Platform
) -> None:
    before = job_ids(platform)
    assert before
    containers.run("docker exec postgres pg_dump -U admin orders_db > backup.sql")
    containers.run(
        "docker compose stop operation-server worker analysis-worker-1 trigger kafka-inference-trigger"
    )
    containers.run("docker exec postgres dropdb -U admin --force orders_db")
    containers.run("docker exec postgres createdb -U admin orders_db")
    containers.run(f"cat backup.sql | {PSQL} -d orders_db")
    containers.run("docker compose up -d --wait")
    assert job_ids(platform) >= before


def test_a_backup_that_checked_itself_restores_every_job(containers: Containers, platform: Platform) -> None:
    before = job_ids(platform)
    assert before
    containers.run("deploy/backup kept")
    platform.query("DELETE FROM inference_jobs WHERE job_id = %s", min(before))
    containers.run("deploy/restore kept --replace")
    assert job_ids(platform) >= before


def test_down_keeps_the_data(containers: Containers, platform: Platform) -> None:
    before = job_ids(platform)
    containers.run("docker compose down")
    assert len(containers.run(VOLUMES).split()) >= 4
    containers.run("docker compose up -d --wait")
    assert job_ids(platform) >= before


def test_the_database_alone_can_be_deleted_after_down(containers: Containers, platform: Platform) -> None:
    containers.run("docker compose down")
    containers.run("docker volume rm satellite_postgres_data")
    containers.run("docker compose up -d --wait")
    # Nothing but the new self-test.
    assert len(job_ids(platform)) == 1


def test_down_with_v_deletes_all_data(containers: Containers) -> None:
    containers.run("docker compose down -v")
    assert containers.run(VOLUMES).split() == []
