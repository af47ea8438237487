"""The alarm service, `rebuild anomalies`, and `what-if MISSION.yaml`."""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog

from alarm_server import what_if
from alarm_server.anomalies.projection import AnomalyProjection
from alarm_server.platform.route import PlatformRoutes
from alarm_server.platform.watch import PlatformWatch, watch
from alarm_server.service import SERVICE, AlarmServer, look_back_s
from telemetry_core.contract.errors import InvalidMission
from telemetry_core.contract.mission import Mission
from telemetry_core.kafka.consumer_group import GroupLag
from telemetry_core.kafka.stream import ALARM_GROUP, TelemetryStream
from telemetry_core.postgres.cursors.verdict_cursor import follow, rebuild
from telemetry_core.postgres.database import Pool, open_pool
from telemetry_core.postgres.roles import as_service
from telemetry_core.service.liveness import Liveness
from telemetry_core.service.observability import configure_logging, serve_metrics, start_tracing
from telemetry_core.service.settings import Settings, load_mission
from telemetry_core.victoriametrics import RETENTION_S

MOST_DAYS: Final = RETENTION_S // 86_400
STATEMENT_TIMEOUT_MS: Final = 5_000
FOLDING_TIMEOUT_MS: Final = 60_000
"""A rebuild counts the verdicts first."""

_log = structlog.get_logger(SERVICE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the service until SIGTERM, or a rebuild until it is done."""
    parser = argparse.ArgumentParser(prog="python -m alarm_server", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    again = commands.add_parser(
        "rebuild", help="fold all verdicts again; alarms keep their names and what operators did to them"
    )
    again.add_argument("what", choices=["anomalies"])
    trial = commands.add_parser(
        "what-if",
        help="alarms of the limits over stored telemetry, before and after a change of the mission file",
    )
    trial.add_argument("mission", type=Path, help="the changed mission file")
    trial.add_argument("--against", type=Path, help="the present one; by default MISSION_FILE")
    trial.add_argument("--days", type=_days, default=7.0, help="of stored telemetry, up to now; 7")
    options = parser.parse_args(arguments)
    settings = Settings()
    if options.command == "what-if":
        against = options.against or settings.mission_file
        return what_if.run(options.mission, against=against, days=options.days, settings=settings)
    configure_logging(SERVICE)
    start_tracing(SERVICE, "requests")
    pool = _pool(settings, FOLDING_TIMEOUT_MS)
    projection = AnomalyProjection(pool)
    if options.command == "rebuild":
        return _rebuild(pool, projection)
    try:
        mission = load_mission(settings.mission_file)
    except InvalidMission as error:
        sys.exit(f"Mission refused:\n{error}")
    _serve(settings, mission, projection)
    return 0


def _serve(settings: Settings, mission: Mission, projection: AnomalyProjection) -> None:
    liveness = Liveness()
    serve_metrics(settings, liveness.problems)
    server = AlarmServer(
        mission,
        _pool(settings, STATEMENT_TIMEOUT_MS),
        partitions=GroupLag(settings, ALARM_GROUP).partitions,
        max_satellites=settings.max_satellites,
    )
    stream = TelemetryStream(
        settings,
        group_id=ALARM_GROUP,
        service=SERVICE,
        liveness=liveness,
        look_back_s=look_back_s(mission),
        # What others have not read yet is theirs: read ahead of it, their backlog of hours would be too late.
        looks_at_others=False,
        on_assigned=server.begin,
        on_revoked=server.forget,
        on_round=server.round,
    )
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _log.info(f"Watching {settings.kafka_topic} at {settings.kafka_bootstrap_servers}, and verdicts")
    with ThreadPoolExecutor(max_workers=2) as threads:
        beside = [
            threads.submit(follow, projection, stop, liveness.loop("anomalies"), service=SERVICE),
            threads.submit(watch, _platform_watch(settings), stop, liveness.loop("platform")),
        ]
        # A fault in any ends the process: its supervisor starts it anew.
        for running in beside:
            running.add_done_callback(lambda _: stop.set())
        liveness.start()
        try:
            stream.run(stop, plan=server.plan, act=server.act)
        finally:
            stop.set()
    for running in beside:
        running.result()


def _platform_watch(settings: Settings) -> PlatformWatch:
    api_key = next((key.secret for key in settings.accepted_api_keys), None)
    routes = PlatformRoutes(settings.operation_server_url, api_key)
    return PlatformWatch(_pool(settings, STATEMENT_TIMEOUT_MS), routes, begun_at=datetime.now(UTC))


def _days(text: str) -> float:
    try:
        days = float(text)
    except ValueError:
        days = 0.0
    if not 0 < days <= MOST_DAYS:
        raise argparse.ArgumentTypeError(
            f"{text}: a number above 0, at most {MOST_DAYS}, as long as telemetry is kept"
        )
    return days


def _rebuild(pool: Pool, projection: AnomalyProjection) -> int:
    def progress() -> str:
        return f"anomalies: verdicts of {projection.unfinished()} subsystems still to be folded"

    return rebuild(pool, projection, service="alarm_server", progress=progress)


def _pool(settings: Settings, statement_timeout_ms: int) -> Pool:
    return open_pool(
        as_service(settings, SERVICE),
        max_connections=1,
        application_name=SERVICE,
        statement_timeout_ms=statement_timeout_ms,
    )


if __name__ == "__main__":
    sys.exit(main())
