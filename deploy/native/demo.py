"""The demo: telemetry in, verdicts out, injected faults found.

`demo.py` simulates four satellites with one fault per subsystem; `demo.py RECORDING` replays a recording
of the mission in MISSION_FILE. Both read the outcome from the views that operators query.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import psycopg2

from deploy.native.installation import Platform
from telemetry_core.service.settings import Settings

CHECKOUT: Final = Path(__file__).resolve().parents[2]
SATELLITES: Final = 4
INTERVAL_S: Final = 0.5
DURATION_S: Final = 110
FAULTS: Final = (
    "SAT-001/low_battery@45",
    "SAT-002/overheating@45",
    "SAT-003/thruster@45",
    "SAT-004/noise:comm.rssi_dbm*2@45",
)
QUIET_S: Final = 3.0
"""Verdicts that stay the same for so long, with nothing pending, are all there will be."""
STALLED_S: Final = 40.0
"""Rows that are pending for so long without any progress will stay so."""
TOP_ANOMALIES: Final = 12

PROGRESS: Final = """
SELECT (SELECT count(*) FROM inference_jobs WHERE created_at >= %(since)s AND source = 'kafka_auto_trigger'),
       count(*) FILTER (WHERE s.status IN ('completed', 'failed')),
       count(*) FILTER (WHERE s.anomaly_detected),
       count(*) FILTER (WHERE s.status IN ('pending', 'processing'))
FROM subsystem_inferences s JOIN inference_jobs j USING (job_id)
WHERE j.created_at >= %(since)s AND j.source = 'kafka_auto_trigger'"""
SUMMARY: Final = """
SELECT count(*), count(*) FILTER (WHERE job_status = 'completed'),
       count(*) FILTER (WHERE job_status = 'failed'),
       coalesce(sum(inference_count), 0), coalesce(sum(anomalies_detected), 0)
FROM v_inference_job_summary WHERE created_at >= %(since)s AND source = 'kafka_auto_trigger'"""
LATENCY: Final = """
SELECT percentile_cont(ARRAY[0.5, 0.99]) WITHIN GROUP (ORDER BY extract(epoch FROM
           j.completed_at - (j.metadata ->> 'received_at')::timestamptz AT TIME ZONE 'UTC') * 1000)
FROM inference_jobs j
WHERE j.created_at >= %(since)s AND j.source = 'kafka_auto_trigger' AND j.status = 'completed'"""
VERDICTS: Final = """
SELECT coalesce(s.verdict, s.status), count(*)
FROM subsystem_inferences s JOIN inference_jobs j USING (job_id)
WHERE j.created_at >= %(since)s AND j.source = 'kafka_auto_trigger' GROUP BY 1 ORDER BY 2 DESC"""
EPISODES: Final = """
SELECT a.satellite_id, a.subsystem, count(*), max(a.anomaly_score),
       (array_agg(s.contributions ORDER BY s.anomaly_score DESC))[1]
FROM v_anomaly_alerts a JOIN subsystem_inferences s ON s.id = a.id
WHERE a.created_at >= %(since)s GROUP BY 1, 2 ORDER BY max(a.anomaly_score) DESC, 3 DESC LIMIT %(limit)s"""
FOUND: Final = """
SELECT count(*) FROM v_anomaly_alerts a JOIN inference_jobs j USING (job_id)
WHERE a.satellite_id = %(satellite_id)s AND a.subsystem = %(subsystem)s
  AND (j.metadata ->> 'generated_at')::timestamptz >= %(start)s::timestamptz"""


class Verdicts:
    """The outcome of what was sent since a moment, read from the platform's own views."""

    def __init__(self, settings: Settings) -> None:
        self._connection = psycopg2.connect(
            host=settings.postgres_host,
            port=settings.postgres_port,
            user=settings.postgres_user,
            password=settings.postgres_password,
            dbname=settings.postgres_db,
        )
        self._connection.autocommit = True
        self._since = self.read("SELECT now() AT TIME ZONE 'UTC'")[0][0]

    def read(self, query: str, **parameters: Any) -> list[tuple[Any, ...]]:
        """Run one query; `since` is the moment this object was made."""
        with self._connection.cursor() as cursor:
            cursor.execute(query, parameters | {"since": getattr(self, "_since", None)})
            return list(cursor.fetchall())

    def progress(self) -> tuple[int, int, int, int]:
        """Jobs, verdicts, anomalous verdicts, rows still pending."""
        jobs, verdicts, anomalous, pending = self.read(PROGRESS)[0]
        return jobs, verdicts, anomalous, pending


def main() -> int:
    """Run the demonstration; status 1 when a fault was missed or a service is unhealthy."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("recording", nargs="?", type=Path, help="recorded telemetry to replay")
    options = parser.parse_args()
    verdicts = Verdicts(Settings())
    if options.recording is not None:
        outcome = _follow(_replay_command(options.recording), verdicts)
        faults: list[dict[str, Any]] = []
    else:
        outcome, faults = _simulate(verdicts)
    _wait_until_quiet(verdicts)
    has_verdicts = _print_summary(verdicts)
    missed = _print_faults(verdicts, faults)
    _print_pages()
    is_healthy = Platform.from_environment(dict(os.environ)).status()
    return 0 if outcome == missed == 0 and has_verdicts and is_healthy else 1


def _simulate(verdicts: Verdicts) -> tuple[int, list[dict[str, Any]]]:
    with tempfile.TemporaryDirectory() as folder:
        truth = Path(folder) / "truth.jsonl"
        command = [sys.executable, str(CHECKOUT / "tests" / "satellite_simulator.py")]
        command += ["--kafka", Settings().kafka_bootstrap_servers, "--satellites", str(SATELLITES)]
        command += ["--interval", str(INTERVAL_S), "--duration", str(DURATION_S), "--truth", str(truth)]
        for fault in FAULTS:
            command += ["--fault", fault]
        print(f"{SATELLITES} simulated satellites for {DURATION_S} s, one fault each: {', '.join(FAULTS)}")
        outcome = _follow(command, verdicts)
        lines = truth.read_text(encoding="utf-8").splitlines() if truth.exists() else []
        return outcome, [json.loads(line) for line in lines]


def _replay_command(recording: Path) -> Sequence[str]:
    mission = Settings().mission_file
    print(f"Replaying {recording} as {mission}, at maximum speed")
    return [
        sys.executable,
        "-m",
        "telemetry_replay",
        str(recording),
        "--mission",
        str(mission),
        "--speed",
        "max",
    ]


def _follow(command: Sequence[str], verdicts: Verdicts) -> int:
    """Run a source of telemetry and show what becomes of it, a line a second."""
    begun = time.monotonic()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        while process.poll() is None:
            _show(begun, verdicts)
            time.sleep(1)
        if process.returncode:
            output.seek(0)
            print(
                f"\n{' '.join(command)} ended with {process.returncode}:\n{output.read()[-3000:]}",
                file=sys.stderr,
            )
    return process.returncode


def _wait_until_quiet(verdicts: Verdicts) -> None:
    """Wait until nothing is pending and no verdict has come for a while."""
    begun = changed_at = time.monotonic()
    last = verdicts.progress()
    while time.monotonic() - changed_at < (STALLED_S if last[3] else QUIET_S):
        time.sleep(0.5)
        current = verdicts.progress()
        if current != last:
            last, changed_at = current, time.monotonic()
        _show(begun, verdicts, label="draining")
    print()


def _show(begun: float, verdicts: Verdicts, label: str = "running") -> None:
    jobs, count, anomalous, _ = verdicts.progress()
    elapsed = timedelta(seconds=int(time.monotonic() - begun))
    line = f"{label} {elapsed} | jobs {jobs} | verdicts {count} | anomalous {anomalous}"
    print(
        f"\r{line:<78}" if sys.stdout.isatty() else line, end="" if sys.stdout.isatty() else "\n", flush=True
    )


def _print_summary(verdicts: Verdicts) -> bool:
    """Print the outcome of the telemetry; False if there was none."""
    jobs, completed, failed, rows, anomalous = verdicts.read(SUMMARY)[0]
    print(f"\nJobs      {jobs}: {completed} completed, {failed} failed")
    by_kind = ", ".join(f"{count} {kind}" for kind, count in verdicts.read(VERDICTS))
    print(f"Verdicts  {rows}: {by_kind}")
    latency = verdicts.read(LATENCY)[0][0]
    if latency:
        print(f"Latency   Kafka to row: p50 {latency[0]:.0f} ms, p99 {latency[1]:.0f} ms")
    print(f"Anomalies {anomalous}, by satellite and subsystem:")
    print(f"  {'satellite':<16} {'subsystem':<12} {'verdicts':>8} {'score':>7}  explained by")
    for satellite, subsystem, count, score, why in verdicts.read(EPISODES, limit=TOP_ANOMALIES):
        print(f"  {satellite:<16} {subsystem:<12} {count:>8} {score:>7}  {explanation(why or {})}")
    if not rows:
        print("No verdict came: see 'make logs S=kafka-inference-trigger'")
    return bool(rows)


def explanation(contributions: Mapping[str, Mapping[str, float]]) -> str:
    """Name the three channels that weigh most, with their shares."""
    totals = {channel: sum(families.values()) for channel, families in contributions.items()}
    largest = sorted(totals, key=lambda channel: -totals[channel])[:3]
    return ", ".join(f"{channel} {totals[channel]:.0%}" for channel in largest)


def _print_faults(verdicts: Verdicts, faults: Sequence[Mapping[str, Any]]) -> int:
    """Say of each injected fault whether its subsystem was flagged by score; return how many were missed."""
    missed = 0
    for fault in faults:
        start = datetime.fromisoformat(fault["start"])
        found = verdicts.read(
            FOUND, satellite_id=fault["satellite_id"], subsystem=fault["subsystem"], start=start
        )[0][0]
        missed += not found
        outcome = f"found in {found} verdicts" if found else "MISSED"
        print(f"Fault     {fault['kind']} of {fault['satellite_id']} {fault['subsystem']}: {outcome}")
    return missed


def _print_pages() -> None:
    print("""
Look at    http://localhost              the web console (port 8088 if 80 is unavailable)
           http://localhost:8000/docs    the API, to be tried
           http://localhost:5555         Flower: workers and tasks
           http://localhost:15672        RabbitMQ, guest/guest
           http://localhost:8428/vmui    telemetry as graphs
           . deploy/native/env && psql -c "SELECT * FROM v_anomaly_alerts LIMIT 10"
""")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except psycopg2.Error as error:
        reason = str(error).strip().partition("\n")[0]
        sys.exit(f"The demonstration lost the database ({reason}): check make status, then run it again.")
