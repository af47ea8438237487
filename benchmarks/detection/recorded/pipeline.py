"""Suite nasa through the servers: Kafka, trigger, RabbitMQ, Celery, Triton, PostgreSQL; the rows are scored.

Everything that it writes is its own and is deleted afterwards: topic, virtual host of the broker, database,
mission file and calibration. Triton is the platform's, with the served model; the trigger's loop runs in
this process, the worker in its own. Each channel is a satellite of one subsystem of one channel, one sample a
second, every message judged. The rows must equal the scores computed here, or the run fails.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, redirect_stdout
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any, Final

import numpy as np
import orjson
import psycopg2
import yaml

from analysis_server.judging.calibration_file import CALIBRATION_FILE
from benchmarks.detection.evaluation.event_metrics import Floats
from benchmarks.detection.evaluation.recordings import Recording
from benchmarks.detection.evaluation.report import Options, Report
from benchmarks.detection.recorded.causal import evaluate
from benchmarks.detection.recorded.nasa import load_or_skip
from benchmarks.detection.recorded.streaming import alerts_in, all_row_scores, calibrated, subsystem_of
from benchmarks.platform.run import own_database
from benchmarks.platform.stream.telemetry import produce
from benchmarks.platform.stream.trigger import consume_as_trigger, own_vhost
from scoring.measures.changes import parse_changes
from telemetry_core.contract.mission import MAX_WINDOW_LENGTH
from telemetry_core.service.observability import configure_logging
from telemetry_core.service.settings import Settings
from testbed.kafka_topics import settings_of_own_topic
from testbed.supervised import CHECKOUT

MODEL: Final = "lstm_timeseries"
VERSION: Final = "1"
LIMIT_S: Final = 1800
POLL_S: Final = 2.0
IN_FLIGHT: Final = 20_000
"""Messages sent ahead of their rows: 30 MB of tasks, so that the broker never pauses its publishers."""
STOP_LIMIT_S: Final = 60
SELECT_ROWS: Final = """
SELECT job.satellite_id, row.anomaly_score, row.status, row.error_message
FROM subsystem_inferences AS row JOIN inference_jobs AS job USING (job_id) ORDER BY job_id
"""
"""Job ids hold the generation time with leading zeros: their order is that of the samples."""


class RowsDifferError(Exception):
    """The rows are not what the scorer computes."""


def run(options: Options) -> Report:
    """Replay, read back, compare, judge the rows.

    Raises:
        DataMissingError: No labels or no recordings in the directory.
        RowsDifferError: A row is missing, failed or differs from the score computed here.
    """
    recordings = load_or_skip(options)[1]
    content = calibrated(recordings)
    expected = all_row_scores(recordings, parse_changes(content))
    found = replayed(recordings, content)
    require_equal(found, expected)
    report = evaluate(options, found)
    total = sum(score.size for score in found.values())
    line = f"{total} rows read back: scores equal to 4 decimals and alerts identical to those computed here"
    return Report(
        totals=report.totals, detected=report.detected, lines=[*report.lines, line], details=report.details
    )


def replayed(recordings: Sequence[Recording], changes: Mapping[str, Any]) -> dict[str, Floats]:
    """Send the test arrays through the servers and read the scores of their rows.

    float64[time] by channel.
    """
    total = sum(recording.test.size for recording in recordings)
    newest_at = datetime.now(UTC)
    with (
        own_settings(recordings, changes) as settings,
        worker(settings) as require_worker,
        trigger(settings, total) as require_trigger,
        closing(connect(settings)) as connection,
    ):
        connection.autocommit = True
        progress = Progress(connection, total, (require_worker, require_trigger))
        for recording in recordings:
            produce(settings.kafka_topic, messages_of(recording, newest_at))
            progress.sent += recording.test.size
            progress.wait_for(progress.sent - IN_FLIGHT)
        progress.wait_for(total)
        with connection.cursor() as cursor:
            cursor.execute(SELECT_ROWS)
            return scores_of(cursor.fetchall(), [recording.channel for recording in recordings])


class Progress:
    """Committed rows, counted every few seconds and shown on stderr."""

    def __init__(self, connection: Any, total: int, requirements: Sequence[Callable[[], None]]) -> None:
        self.sent = 0
        self._connection = connection
        self._total = total
        self._requirements = requirements
        self._started_s = time.monotonic()

    def wait_for(self, expected: int) -> None:
        """Return when so many rows are there; raises what ended a part of the pipeline, or at the limit."""
        while (count := self._count()) < expected:
            elapsed_s = time.monotonic() - self._started_s
            if elapsed_s > LIMIT_S:
                raise RowsDifferError(f"{count} of {self._total} rows within {LIMIT_S} s; see 'make status'")
            for require_running in self._requirements:
                require_running()
            sys.stderr.write(f"\r{count}/{self._total} rows, {count / elapsed_s:.0f}/s")
            time.sleep(POLL_S)

    def _count(self) -> int:
        with self._connection.cursor() as cursor:
            cursor.execute(
                "SELECT count(*) FROM subsystem_inferences WHERE status IN ('completed', 'failed')"
            )
            return int(cursor.fetchone()[0])


def messages_of(recording: Recording, newest_at: datetime) -> Iterator[bytes]:
    """One message a second, the last one at `newest_at`.

    Raises:
        ValueError: A sample is missing; then its message would not be judged and the rows would be fewer.
    """
    if not np.isfinite(recording.test).all():
        raise ValueError(f"{recording.channel}: telemetry with gaps can't be compared row by row")
    name = subsystem_of(recording.channel)
    start = newest_at - timedelta(seconds=recording.test.size)
    for second, value in enumerate(recording.test.tolist(), start=1):
        generated_at = (start + timedelta(seconds=second)).isoformat(timespec="milliseconds")
        body = {"timestamp": generated_at, "satellite_id": recording.channel, name: {name: value}}
        yield orjson.dumps(body)


def mission_of(recordings: Sequence[Recording]) -> dict[str, Any]:
    """A mission file's content: one subsystem of one channel each, every message judged."""
    names = [subsystem_of(recording.channel) for recording in recordings]
    return {
        "name": "recorded_channels",
        "model": {"name": MODEL, "version": VERSION},
        "window": {"length": MAX_WINDOW_LENGTH, "max_span_s": 86_400, "max_gap_s": 60},
        "periodic": {"share": 1.0},
        "subsystems": {name: {"horizon": 1, "channels": {name: {"unit": "1"}}} for name in names},
    }


def write_configuration(folder: Path, recordings: Sequence[Recording], changes: Mapping[str, Any]) -> None:
    """Put mission.yaml and a model repository with these constants into a folder; Triton reads its own."""
    mission = yaml.safe_dump(mission_of(recordings), sort_keys=False)
    (folder / "mission.yaml").write_text(mission, encoding="utf-8")
    target = folder / "models" / MODEL / VERSION
    target.mkdir(parents=True)
    shutil.copy(CHECKOUT / "model_repository" / MODEL / VERSION / CALIBRATION_FILE, target)
    path = target / CALIBRATION_FILE
    content = json.loads(path.read_text(encoding="utf-8")) | {"changes": changes}
    path.write_text(json.dumps(content), encoding="utf-8")


@contextmanager
def own_settings(recordings: Sequence[Recording], changes: Mapping[str, Any]) -> Iterator[Settings]:
    """Yield settings of an own topic, virtual host, database, mission and calibration."""
    with (
        tempfile.TemporaryDirectory() as name,
        settings_of_own_topic() as topic,
        own_vhost(topic) as broker,
        own_database(broker) as settings,
    ):
        write_configuration(Path(name), recordings, changes)
        yield settings.model_copy(
            update={"mission_file": Path(name) / "mission.yaml", "model_repository": Path(name) / "models"}
        )


def environment_of(settings: Settings) -> dict[str, str]:
    """The environment of a service with these settings; its own metrics port stays closed."""
    values = settings.model_dump(mode="json") | {"metrics_port": 0}
    return {**os.environ, **{key.upper(): str(value) for key, value in values.items()}}


@contextmanager
def worker(settings: Settings) -> Iterator[Callable[[], None]]:
    """Run a Celery worker with these settings; yield a check that raises with its log once it ended."""
    celery: list[str | Path] = [CHECKOUT / ".venv/bin/celery", "-A", "tasks", "worker", "--pool=threads"]
    with tempfile.NamedTemporaryFile(suffix=".log") as log:
        process = subprocess.Popen(
            [*celery, "--concurrency=2", "--loglevel=warning", "--hostname=detection@%h"],
            cwd=CHECKOUT / "analysis_server", env=environment_of(settings), stdout=log, stderr=log,
        )  # fmt: skip

        def require_running() -> None:
            if process.poll() is not None:
                tail = Path(log.name).read_text(encoding="utf-8")[-2000:]
                raise RuntimeError(f"the worker ended with {process.returncode}: {tail}")

        try:
            yield require_running
        finally:
            process.terminate()
            process.wait(STOP_LIMIT_S)


@contextmanager
def trigger(settings: Settings, messages: int) -> Iterator[Callable[[], None]]:
    """Run the trigger's loop in a thread, its log unseen; yield a check that raises what ended it."""
    with (
        Path(os.devnull).open("w", encoding="utf-8") as nowhere,
        redirect_stdout(nowhere),
        ThreadPoolExecutor(1) as pool,
    ):
        configure_logging("detection")
        running = pool.submit(consume_as_trigger, settings, messages, LIMIT_S)

        def require_running() -> None:
            if running.done():
                running.result()

        yield require_running


def connect(settings: Settings) -> Any:
    return psycopg2.connect(
        host=settings.postgres_host, port=settings.postgres_port, user=settings.postgres_user,
        password=settings.postgres_password, dbname=settings.postgres_db,
    )  # fmt: skip


def scores_of(
    rows: Sequence[tuple[str, Decimal | float | None, str, str | None]], channels: Sequence[str]
) -> dict[str, Floats]:
    """Scores by channel in the order of the rows, float64[time] each; NaN = warming up.

    Raises:
        RowsDifferError: A row failed.
    """
    scores: dict[str, list[float]] = {channel: [] for channel in channels}
    for satellite_id, score, status, reason in rows:
        if status != "completed":
            raise RowsDifferError(f"a row of {satellite_id} is {status}: {reason}")
        scores[satellite_id].append(np.nan if score is None else float(score))
    return {channel: np.array(values) for channel, values in scores.items()}


def require_equal(found: Mapping[str, Floats], expected: Mapping[str, Floats]) -> None:
    """Compare scores, float64[time] each by channel, to 4 decimals, and alerts.

    Raises:
        RowsDifferError: They differ; the message names the first channel and sample.
    """
    for channel, computed in expected.items():
        rows = found.get(channel, np.empty(0))
        if rows.size != computed.size:
            raise RowsDifferError(f"{channel}: {rows.size} rows of {computed.size} samples")
        differing = np.flatnonzero(~np.isclose(rows, computed, rtol=0, atol=1e-9, equal_nan=True))
        if differing.size:
            first = int(differing[0])
            raise RowsDifferError(
                f"{channel}: {differing.size} scores differ, first sample {first}:"
                f" row {rows[first]}, computed {computed[first]}"
            )
        if alerts_in(rows) != alerts_in(computed):
            raise RowsDifferError(f"{channel}: the alerts differ")
