"""Rows/s of `save_inferences` beside a bare `execute_values` of the same rows, in a database of their own."""

import re
import time
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

import numpy as np
import psycopg2
from psycopg2.extras import execute_values

from analysis_server.judging.calibration_file import load_calibration
from analysis_server.judging.inference import infer_windows
from analysis_server.judging.triton import TritonClient
from analysis_server.windows.window_sets import WindowSet
from benchmarks.platform.figures import Figure, Section, ratio
from telemetry_core.contract.inferences import Job, SubsystemInference
from telemetry_core.postgres.store import QUERIES, _inference_values, save_inferences
from telemetry_core.service.settings import Settings, load_mission

BATCHES: Final = (1, 200)
ROUNDS: Final = 5
ROWS_PER_ROUND: Final = {1: 300, 200: 4000}
SUBSYSTEM: Final = "eps"

#: Same columns, constraints and indexes, but no jobs: no foreign key.
BARE_TABLE: Final = "CREATE TABLE bare_inferences (LIKE subsystem_inferences INCLUDING ALL)"


def measure(settings: Settings) -> list[Section]:
    """Measure in `settings.postgres_db`, which must be migrated and the benchmark's own."""
    example = _verdict(settings)
    lines: list[Figure] = []
    with closing(connect(settings)) as connection:
        with connection, connection.cursor() as cursor:
            cursor.execute(BARE_TABLE)
        for batch in BATCHES:
            lines += _pair(connection, batch, example)
    return [
        Section(
            title="Row store, one connection, one commit a batch",
            explanation="Bare: the same values of subsystem_inferences, converted before, into a table with"
            " its indexes; no job row, lock, conflict rule or roll-up.",
            lines=lines,
        )
    ]


def connect(settings: Settings) -> Any:
    return psycopg2.connect(
        host=settings.postgres_host, port=settings.postgres_port, user=settings.postgres_user,
        password=settings.postgres_password, dbname=settings.postgres_db,
    )  # fmt: skip


def _pair(connection: Any, batch: int, example: SubsystemInference) -> list[Figure]:
    ours, bare = [], []
    insert = bare_statement()
    for number in range(ROUNDS):
        count = ROWS_PER_ROUND[batch]
        jobs = [_job(f"bench-{batch}-{number}-{row:06d}") for row in range(count)]
        rows = [replace(example, job_id=job.job_id) for job in jobs]
        parts = [slice(start, start + batch) for start in range(0, count, batch)]
        ours.append(count / _save(connection, [(jobs[part], rows[part]) for part in parts]))
        values = [_inference_values(row, job) for row, job in zip(rows, jobs, strict=True)]
        bare.append(count / _insert(connection, insert, [values[part] for part in parts]))
    lines = [
        Figure(name=f"save_inferences, {batch} rows a commit", unit="rows/s", values=ours),
        Figure(name=f"bare execute_values, {batch} rows a commit", unit="rows/s", values=bare),
    ]
    return [*lines, ratio(f"save_inferences / bare, {batch} rows", *lines)]


def _save(connection: Any, batches: Sequence[tuple[list[Job], list[SubsystemInference]]]) -> float:
    started_s = time.perf_counter()
    for jobs, rows in batches:
        save_inferences(connection, jobs, rows)
        connection.commit()
    return time.perf_counter() - started_s


def _insert(connection: Any, statement: str, batches: Sequence[list[tuple[Any, ...]]]) -> float:
    started_s = time.perf_counter()
    for values in batches:
        with connection.cursor() as cursor:
            execute_values(cursor, statement, values, page_size=len(values))
        connection.commit()
    return time.perf_counter() - started_s


def bare_statement() -> str:
    """Return the upsert's plain INSERT into the other table."""
    insert = QUERIES["upsert_inferences"].split("ON CONFLICT")[0]
    return re.sub(r"INTO subsystem_inferences AS kept", "INTO bare_inferences", insert)


def _job(job_id: str) -> Job:
    return Job(
        job_id=job_id, satellite_id="BENCH-001", source="test", trigger_reason="periodic_check",
        total_subsystems=1, created_at=datetime.now(UTC), metadata={"lane": "live"},
    )  # fmt: skip


def _verdict(settings: Settings) -> SubsystemInference:
    """Let the platform's own model judge one window: a row of real size."""
    mission = load_mission(settings.mission_file)
    subsystem = mission.subsystems[SUBSYSTEM]
    shape = (1, len(subsystem.features), mission.window.length)
    task = WindowSet(
        subsystem=SUBSYSTEM, model_name=mission.model.name, model_version=mission.model.version,
        channels=subsystem.features, horizon=subsystem.horizon, jobs=[_job("bench")],
        origins=[{"samples": mission.window.length}],
        windows=np.random.default_rng(0).normal(20, 5, shape).astype(np.float32),
    )  # fmt: skip
    directory = settings.model_repository / mission.model.name / mission.model.version
    client = TritonClient(settings.triton_server_url)
    return infer_windows(task, infer=client.infer, calibration=load_calibration(directory))[0]
