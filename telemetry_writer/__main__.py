"""The writer service: telemetry from Kafka into the series of VictoriaMetrics."""

import signal
import sys
import threading

import structlog

from telemetry_core.contract.errors import InvalidMission
from telemetry_core.kafka.look_back import LookBack
from telemetry_core.kafka.stream import WRITER_GROUP, TelemetryStream
from telemetry_core.service.disk import Disk
from telemetry_core.service.liveness import Liveness
from telemetry_core.service.observability import configure_logging, serve_metrics, start_tracing, traced
from telemetry_core.service.settings import Settings, load_mission
from telemetry_core.victoriametrics import KEEP_S, VictoriaMetrics
from telemetry_writer.refill import keep_restored, refill
from telemetry_writer.writer import SERVICE, TelemetryWriter

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
    victoria = VictoriaMetrics(settings.victoria_metrics_url)
    writer = TelemetryWriter(mission, victoria)

    def fill(look_back: LookBack) -> None:
        refill(look_back.records, writer)

    stream = TelemetryStream(
        settings,
        group_id=WRITER_GROUP,
        service=SERVICE,
        liveness=liveness,
        look_back_s=2 * KEEP_S,
        on_assigned=fill,
    )
    stop = threading.Event()
    threading.Thread(
        target=keep_restored, args=(victoria, stop, liveness.loop("restore")), name="restore", daemon=True
    ).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _log.info(f"Writing {settings.kafka_topic} to {settings.victoria_metrics_url}")
    write = traced("write", writer.write)
    liveness.start()
    stream.run(stop, plan=writer.plan, act=Disk(settings).guarding(write))


if __name__ == "__main__":
    main()
