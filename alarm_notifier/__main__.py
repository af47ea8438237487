"""The notifier service, and `test TARGET`."""

import argparse
import signal
import sys
import threading
import uuid
from collections.abc import Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import structlog
from prometheus_client import REGISTRY

from alarm_notifier.configuration import Notifications
from alarm_notifier.messages import Message
from alarm_notifier.planner import Planner
from alarm_notifier.standing import StandingAlarms
from alarm_notifier.standing_alerts import delivery_to
from alarm_notifier.targets.choice import senders_of
from alarm_notifier.targets.sending import NotDelivered, Sender
from alarms.life_cycle import State
from telemetry_core.contract.errors import InvalidFile
from telemetry_core.contract.rules import Severity
from telemetry_core.postgres.cursors.verdict_cursor import Stepper, follow
from telemetry_core.postgres.database import open_pool
from telemetry_core.postgres.roles import as_service
from telemetry_core.service.liveness import STUCK_AFTER_S, Liveness
from telemetry_core.service.observability import configure_logging, serve_metrics, start_tracing
from telemetry_core.service.settings import Settings, load_yaml

SERVICE: Final = "alarm-notifier"
STATEMENT_TIMEOUT_MS: Final = 5_000
SLOW_TARGET_S: Final = 600.0
"""A target may answer byte by byte: that is no reason to end the loops of the others."""

_log = structlog.get_logger(SERVICE)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the service until SIGTERM, or send a test message to a target."""
    parser = argparse.ArgumentParser(prog="python -m alarm_notifier", description=__doc__)
    commands = parser.add_subparsers(dest="command")
    trial = commands.add_parser("test", help="send a test message to a target and say what came of it")
    trial.add_argument("target", help="its name in the file that NOTIFY_FILE names")
    options = parser.parse_args(arguments)
    settings = Settings()
    try:
        configuration = load_notifications(settings.notify_file)
        senders = senders_of(configuration)
    except InvalidFile as error:
        sys.exit(f"NOTIFY_FILE refused:\n{error}")
    if options.command == "test":
        return _test(senders, options.target)
    configure_logging(SERVICE)
    start_tracing(SERVICE, "requests")
    _serve(settings, configuration, senders)
    return 0


def load_notifications(path: str) -> Notifications:
    """Read the file of targets and routes, or raise `InvalidFile`; without one there are none."""
    if not path:
        return Notifications(targets={}, routes=[])
    return load_yaml(Path(path), Notifications, InvalidFile, "it is a mapping with `targets:` and `routes:`")


def _serve(settings: Settings, configuration: Notifications, senders: Mapping[str, Sender]) -> None:
    pool = open_pool(
        as_service(settings, SERVICE),
        max_connections=2 + len(senders),
        application_name=SERVICE,
        statement_timeout_ms=STATEMENT_TIMEOUT_MS,
    )
    standing = StandingAlarms(pool)
    REGISTRY.register(standing)
    deliveries = [delivery_to(pool, name, sender, configuration.routes) for name, sender in senders.items()]
    liveness = Liveness()
    serve_metrics(settings, liveness.problems)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    said = ", ".join(senders) if senders else "nobody: NOTIFY_FILE names no file with targets"
    _log.info(f"Telling of alarms: {said}")
    _follow([Planner(pool, configuration), standing], deliveries, stop, liveness)


def _follow(
    ours: Sequence[Stepper], deliveries: Sequence[Stepper], stop: threading.Event, liveness: Liveness
) -> None:
    limits = [*((one, STUCK_AFTER_S) for one in ours), *((one, SLOW_TARGET_S) for one in deliveries)]
    with ThreadPoolExecutor(max_workers=len(limits), thread_name_prefix="notices") as threads:
        running = [
            threads.submit(follow, one, stop, liveness.loop(one.name, stuck_after_s=limit_s), service=SERVICE)
            for one, limit_s in limits
        ]
        liveness.start()
        wait(running, return_when=FIRST_EXCEPTION)
        stop.set()  # a fault in one ends the process: its supervisor starts it anew
    for ended in running:
        ended.result()


def _test(senders: Mapping[str, Sender], name: str) -> int:
    if name not in senders:
        return _say(f"{name}: the file has no such target, only: {', '.join(senders) or 'none'}", 1)
    now = datetime.now(UTC)
    message = Message(
        message_id=str(uuid.uuid4()),
        told="raised",
        at=now,
        is_reminder=False,
        alarm_id="test",
        satellite_id="TEST",
        subsystem="test",
        reason="test",
        kind="platform",
        severity=Severity.WATCH,
        state=State.UNACKNOWLEDGED,
        started_at=now,
        comment="A test: no alarm was raised",
    )
    try:
        senders[name].send(message)
    except NotDelivered as error:
        return _say(f"{name}: not delivered: {error}", 1)
    return _say(f"{name}: delivered", 0)


def _say(text: str, status: int) -> int:
    print(text, file=sys.stderr if status else sys.stdout)
    return status


if __name__ == "__main__":
    sys.exit(main())
