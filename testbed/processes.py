"""A service as it is started: a process of its own, with servers of one's own in its environment."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

from telemetry_core.service.settings import Settings

ROOT: Final = Path(__file__).parents[1]


def environment_of(settings: Settings, **more: str) -> dict[str, str]:
    """Return the environment of a service that meets the Kafka and the PostgreSQL of `settings`."""
    return {
        **os.environ,
        "KAFKA_BOOTSTRAP_SERVERS": settings.kafka_bootstrap_servers,
        "KAFKA_TOPIC": settings.kafka_topic,
        "POSTGRES_HOST": settings.postgres_host,
        "POSTGRES_PORT": str(settings.postgres_port),
        "POSTGRES_USER": settings.postgres_user,
        "POSTGRES_PASSWORD": settings.postgres_password,
        "POSTGRES_DB": settings.postgres_db,
        **more,
    }


@contextmanager
def running(module: str, values: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """Run `python -m module`; killed afterwards if it has not ended by itself."""
    with log.open("ab") as out:
        command = [sys.executable, "-m", module]
        process = subprocess.Popen(command, cwd=ROOT, env=values, stdout=out, stderr=out)
        try:
            yield process
        finally:
            process.kill()
            process.wait()
