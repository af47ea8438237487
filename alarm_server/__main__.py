"""The alarm service: telemetry from Kafka into alarms, without inference."""

import signal
import sys
import threading
from typing import Final

import structlog

from alarm_server.service import SERVICE, AlarmServer
from telemetry_core.contract.errors import InvalidMission
from telemetry_core.kafka.consumer_group import GroupLag
from telemetry_core.kafka.stream import ALARM_GROUP, TelemetryStream
from telemetry_core.postgres.database import open_pool
from telemetry_core.postgres.roles import as_service
from telemetry_core.service.liveness import Liveness
from telemetry_core.service.observability import configure_logging, serve_metrics, start_tracing
from telemetry_core.service.settings import Settings, load_mission

STATEMENT_TIMEOUT_MS: Final = 5_000

_log = structlog.get_logger(SERVICE)


def main() -> None:
    """Run until SIGTERM."""
    configure_logging(SERVICE)
    start_tracing(SERVICE, "requests")
    settings = Settings()
    try:
        mission = load_mission(settings.mission_file)
    except InvalidMission as error:
        sys.exit(f"Mission refused:\n{error}")
    liveness = Liveness()
    serve_metrics(settings, liveness.problems)
    pool = open_pool(
        as_service(settings, SERVICE),
        max_connections=1,
        application_name=SERVICE,
        statement_timeout_ms=STATEMENT_TIMEOUT_MS,
    )
    server = AlarmServer(
        mission,
        pool,
        ends=GroupLag(settings, ALARM_GROUP).ends,
        max_satellites=settings.max_satellites,
    )
    stream = TelemetryStream(
        settings,
        group_id=ALARM_GROUP,
        service=SERVICE,
        liveness=liveness,
        on_assigned=lambda _: server.begin(),
        on_revoked=server.forget,
        on_round=server.round,
    )
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _log.info(f"Watching {settings.kafka_topic} at {settings.kafka_bootstrap_servers}")
    liveness.start()
    stream.run(stop, plan=server.plan, act=server.act)


if __name__ == "__main__":
    main()
