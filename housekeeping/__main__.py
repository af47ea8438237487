"""The housekeeping service: nothing grows for ever."""

import signal
import threading

import structlog

from housekeeping.chores import SERVICE, keep_house
from housekeeping.retention import retention_chores
from telemetry_core.database import open_pool
from telemetry_core.liveness import Liveness
from telemetry_core.observability import configure_logging, serve_metrics, start_tracing
from telemetry_core.settings import Settings

_log = structlog.get_logger(SERVICE)


def main() -> None:
    """Run until SIGTERM."""
    configure_logging(SERVICE)
    start_tracing(SERVICE, "requests")
    settings = Settings()
    pool = open_pool(settings, max_connections=2, application_name=SERVICE)
    liveness = Liveness()
    serve_metrics(settings, liveness.problems)
    chores = retention_chores(pool, settings)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _log.info(f"Keeping house: {', '.join(chore.name for chore in chores)}")
    liveness.start()
    keep_house(chores, stop, liveness.loop("chores"))


if __name__ == "__main__":
    main()
