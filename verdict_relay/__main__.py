"""The relay service, and `python -m verdict_relay rebuild search` (or `results`, `metrics`)."""

import argparse
import signal
import sys
import threading
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from functools import cache
from typing import Final

import structlog

from telemetry_core.contract.errors import InvalidMission
from telemetry_core.postgres.cursors.verdict_cursor import follow, rebuild
from telemetry_core.postgres.database import Pool, open_pool, transaction
from telemetry_core.postgres.roles import as_service
from telemetry_core.postgres.store import select
from telemetry_core.search import SearchEngine
from telemetry_core.service.liveness import Liveness
from telemetry_core.service.observability import configure_logging, serve_metrics, start_tracing
from telemetry_core.service.settings import Settings, load_mission
from telemetry_core.victoriametrics import VictoriaMetrics
from verdict_relay import QUERIES
from verdict_relay.relay import SERVICE, Relay, Sink
from verdict_relay.sinks import MetricsSink, ResultsTopicSink, SearchSink

SEARCH_TIMEOUT_S: Final = 30.0

_log = structlog.get_logger(SERVICE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the service until SIGTERM, or a rebuild until it is done."""
    parser = argparse.ArgumentParser(prog="python -m verdict_relay", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    rebuild = commands.add_parser(
        "rebuild", help="relay all verdicts again; the present contents stay in use meanwhile"
    )
    rebuild.add_argument("sink", choices=["search", "results", "metrics"])
    options = parser.parse_args(arguments)
    configure_logging(SERVICE)
    start_tracing(SERVICE, "requests")
    settings = Settings()
    try:
        sinks = _sinks(settings)
    except InvalidMission as error:
        sys.exit(f"Mission refused:\n{error}")
    pool = open_pool(as_service(settings, SERVICE), max_connections=len(sinks), application_name=SERVICE)
    relays = [Relay(pool, sink) for sink in sinks]
    if options.command == "rebuild":
        named = [relay for relay in relays if relay.name == options.sink]
        return (
            _rebuild(pool, named[0]) if named else sys.exit("rebuild: ELASTICSEARCH_URL is empty: no search")
        )
    liveness = Liveness()
    serve_metrics(settings, liveness.problems)
    _serve(relays, liveness)
    return 0


def _sinks(settings: Settings) -> list[Sink]:
    mission = load_mission(settings.mission_file)
    engine = SearchEngine(settings.elasticsearch_url, answer_timeout_s=SEARCH_TIMEOUT_S)
    return [
        # Without search its cursor stays where it is, and what came meanwhile follows once there is one.
        *([SearchSink(engine)] if settings.elasticsearch_url else []),
        ResultsTopicSink(settings),
        MetricsSink(VictoriaMetrics(settings.victoria_metrics_url), mission),
    ]


def _serve(relays: Sequence[Relay], liveness: Liveness) -> None:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _log.info(f"Relaying verdicts to {', '.join(relay.name for relay in relays)}")
    with ThreadPoolExecutor(max_workers=len(relays), thread_name_prefix="sink") as threads:
        running = [
            threads.submit(follow, one, stop, liveness.loop(one.name), service=SERVICE) for one in relays
        ]
        liveness.start()
        wait(running, return_when=FIRST_EXCEPTION)
        stop.set()  # a fault in one ends the process: its supervisor starts it anew
    for ended in running:
        ended.result()


def _rebuild(pool: Pool, relay: Relay) -> int:
    @cache
    def total() -> int:
        with transaction(pool) as connection:
            (found,) = select(connection, QUERIES["count_final_verdicts"])
        return int(found["count"])

    def progress() -> str:
        return f"{relay.name}: {relay.cursor().relayed} of {total()} verdicts"

    return rebuild(pool, relay, service="verdict_relay", progress=progress)


if __name__ == "__main__":
    sys.exit(main())
