"""What somebody deleted from the brokers is declared again: queues, bindings, limits, topics.

Servers declare it when they start, and services when they connect; neither happens while all of them run.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import structlog
from confluent_kafka import KafkaException
from confluent_kafka.admin import AdminClient

from housekeeping.chores import SERVICE, Chore
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.kafka.topics import create_topics, topics_of
from telemetry_core.service.settings import Settings

EVERY_S: Final = 20.0
ANSWER_S: Final = 3.0
DEFINITIONS: Final = Path(__file__).resolve().parent.parent / "deploy" / "definitions.json"
"""What RabbitMQ loads at its start, too."""
_IDENTITY: Final[Mapping[str, Sequence[str]]] = {
    "exchanges": ("name",),
    "queues": ("name",),
    "bindings": ("source", "destination", "routing_key"),
    "policies": ("name",),
}
"""By what each kind is told; another limit in a policy of that name is the operator's."""

Definitions = Mapping[str, Sequence[Mapping[str, Any]]]

_log = structlog.get_logger(SERVICE)


def missing(wanted: Definitions, found: Definitions) -> dict[str, list[Mapping[str, Any]]]:
    """Return what RabbitMQ should hold but does not."""
    left = {
        kind: [item for item in wanted[kind] if not any(_is_same(item, one, keys) for one in found[kind])]
        for kind, keys in _IDENTITY.items()
    }
    return {kind: items for kind, items in left.items() if items}


def _is_same(one: Mapping[str, Any], other: Mapping[str, Any], keys: Sequence[str]) -> bool:
    return all(one[key] == other[key] for key in keys)


def queues_chore(ask: Callable[[], Definitions], declare: Callable[[Definitions], None]) -> Chore:
    """Describe the work on RabbitMQ to the loop."""
    wanted = json.loads(DEFINITIONS.read_text(encoding="utf-8"))

    def work() -> bool:
        gone = missing(wanted, ask())
        if gone:
            named = ", ".join(f"{kind} {_names(kind, items)}" for kind, items in gone.items())
            _log.warning(f"Missing in RabbitMQ and declared again: {named}")
            declare(gone)
        return False

    return Chore(name="queues", every_s=EVERY_S, work=work)


def _names(kind: str, items: Sequence[Mapping[str, Any]]) -> str:
    return ", ".join(">".join(item[key] for key in _IDENTITY[kind]) for item in items)


def topics_chore(settings: Settings) -> Chore:
    """Describe the work on Kafka to the loop."""
    admin = AdminClient({"bootstrap.servers": settings.kafka_bootstrap_servers, "log_level": 0})

    def work() -> bool:
        try:
            gone = set(topics_of(settings)) - set(admin.list_topics(timeout=ANSWER_S).topics)
            if gone:
                _log.warning(f"Missing in Kafka and created again: topics {', '.join(sorted(gone))}")
                create_topics(admin, sorted(gone), settings)
        except KafkaException as error:
            raise DependencyUnavailable("kafka", str(error)) from error
        return False

    return Chore(name="topics", every_s=EVERY_S, work=work)
