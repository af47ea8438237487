"""The relay service, and `python -m verdict_relay rebuild search` (or `alerts`, `results`, `metrics`)."""

import argparse
import signal
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import Final

import structlog

from telemetry_core.contract.errors import DependencyUnavailable, InvalidMission
from telemetry_core.postgres.database import Pool, open_pool, transaction
from telemetry_core.postgres.roles import as_service
from telemetry_core.postgres.store import select
from telemetry_core.search import SearchEngine
from telemetry_core.service.liveness import Liveness
from telemetry_core.service.observability import configure_logging, serve_metrics, start_tracing
from telemetry_core.service.settings import Settings, load_mission
from telemetry_core.victoriametrics import VictoriaMetrics
from verdict_relay import QUERIES
from verdict_relay.alerts import AlertProjection
from verdict_relay.relay import SERVICE, Follower, Relay, Sink, backoff_s, follow, restart
from verdict_relay.sinks import MetricsSink, ResultsTopicSink, SearchSink

SEARCH_TIMEOUT_S: Final = 30.0
REBUILD_ATTEMPTS: Final = 8

_log = structlog.get_logger(SERVICE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the service until SIGTERM, or a rebuild until it is done."""
    parser = argparse.ArgumentParser(prog="python -m verdict_relay", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    rebuild = commands.add_parser(
        "rebuild", help="relay all verdicts again; the present contents stay in use meanwhile"
    )
    rebuild.add_argument("sink", choices=["search", "results", "metrics", "alerts"])
    options = parser.parse_args(arguments)
    configure_logging(SERVICE)
    start_tracing(SERVICE, "requests")
    settings = Settings()
    try:
        sinks = _sinks(settings)
    except InvalidMission as error:
        sys.exit(f"Mission refused:\n{error}")
    # One connection for each sink, and one for the alerts.
    pool = open_pool(as_service(settings, SERVICE), max_connections=len(sinks) + 1, application_name=SERVICE)
    followers: list[Follower] = [*(Relay(pool, sink) for sink in sinks), AlertProjection(pool)]
    if options.command == "rebuild":
        named = [follower for follower in followers if follower.name == options.sink]
        return (
            _rebuild(pool, named[0]) if named else sys.exit("rebuild: ELASTICSEARCH_URL is empty: no search")
        )
    liveness = Liveness()
    serve_metrics(settings, liveness.problems)
    _serve(followers, liveness)
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


def _serve(followers: Sequence[Follower], liveness: Liveness) -> None:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    _log.info(f"Relaying verdicts to {', '.join(follower.name for follower in followers)}")
    with ThreadPoolExecutor(max_workers=len(followers), thread_name_prefix="sink") as threads:
        running = [threads.submit(follow, one, stop, liveness.loop(one.name)) for one in followers]
        liveness.start()
        wait(running, return_when=FIRST_EXCEPTION)
        stop.set()  # a fault in one ends the process: its supervisor starts it anew
    for ended in running:
        ended.result()


def _rebuild(pool: Pool, follower: Follower) -> int:
    """Begin the next generation and pass everything on, together with the service where it runs."""
    try:
        restart(pool, follower.name, follower.cursor().generation)
        with transaction(pool) as connection:
            (total,) = select(connection, QUERIES["count_final_verdicts"])
    except DependencyUnavailable as error:
        print(f"rebuild: {error}; nothing was changed", file=sys.stderr)  # noqa: T201
        return 1
    failures = 0
    while True:
        try:
            is_done = not follower.step()
        except DependencyUnavailable as error:
            failures += 1
            if failures == REBUILD_ATTEMPTS:
                print(f"rebuild: {error}; it continues as soon as verdict_relay runs", file=sys.stderr)  # noqa: T201
                return 1
            time.sleep(backoff_s(failures))
            continue
        failures = 0
        print(f"{follower.name}: {follower.cursor().relayed} of {total['count']} verdicts", flush=True)  # noqa: T201
        if is_done:
            return 0


if __name__ == "__main__":
    sys.exit(main())
