"""What the brokers lost is found by name, and declared as each client declares it."""

import json
from collections.abc import Mapping
from typing import Any

import pytest

from housekeeping.declarations import DEFINITIONS, missing, queues_chore
from telemetry_core.rabbitmq import celery_app, parked_queue
from telemetry_core.service.settings import Settings

WANTED: Mapping[str, list[dict[str, Any]]] = json.loads(DEFINITIONS.read_text(encoding="utf-8"))
KINDS = ("exchanges", "queues", "bindings", "policies")


class Broker:
    """Holds what was declared."""

    def __init__(self) -> None:
        self.found = {kind: list(WANTED[kind]) for kind in KINDS}
        self.declared: list[Any] = []

    def ask(self) -> Mapping[str, list[dict[str, Any]]]:
        return self.found

    def declare(self, wanted: Any) -> None:
        self.declared.append(wanted)
        for kind, items in wanted.items():
            self.found[kind] += items


@pytest.mark.parametrize(
    ("kind", "place"), [(kind, place) for kind in KINDS for place in range(len(WANTED[kind]))]
)
def test_whatever_is_deleted_is_declared_again_alone(kind: str, place: int) -> None:
    broker = Broker()
    gone = broker.found[kind].pop(place)
    work = queues_chore(broker.ask, broker.declare).work
    assert (work(), work()) == (False, False)
    assert broker.declared == [{kind: [gone]}]


def test_limit_that_the_operator_set_by_hand_stays() -> None:
    by_hand = [{**policy, "definition": {"max-length": 7}} for policy in WANTED["policies"]]
    assert missing(WANTED, {**{kind: WANTED[kind] for kind in KINDS}, "policies": by_hand}) == {}


def test_queues_are_declared_as_their_clients_declare_them() -> None:
    """A queue whose arguments differ refuses every client that declares it."""
    declared = {queue["name"]: queue["arguments"] for queue in WANTED["queues"]}
    for queue in (*celery_app("test", Settings()).conf.task_queues, parked_queue()):
        assert declared[queue.name] == queue.queue_arguments
        bound = {"source": queue.exchange.name, "destination": queue.name, "routing_key": queue.routing_key}
        assert any(bound.items() <= binding.items() for binding in WANTED["bindings"])
