"""What of the parts' states is worth an alarm, on the operation server's own answers."""

from dataclasses import replace
from typing import Any

import pytest

from alarm_server.platform.conditions import (
    ARRIVAL_US,
    Arrivals,
    Conditions,
    conditions_of,
    no_answer,
    not_judged,
    ran_out,
)
from alarms.rounds import Sign
from operation_server.health.probes import Unavailable
from operation_server.health.triton import IndexedModel
from operation_server.pipeline.databases import DatabaseNumbers
from operation_server.pipeline.kafka import KafkaNumbers
from operation_server.pipeline.metrics import SERVICES, Metrics
from operation_server.pipeline.schemas import ConsumerGroup, Worker
from telemetry_core.contract.rules import Severity
from telemetry_core.kafka.stream import TRIGGER_GROUP
from tests.unit.alarm_server.parts.answers import fleet, pipeline
from tests.unit.operation_server.pipeline.probed import WELL

AWAY = Unavailable(detail="refused")


def holding(conditions: Conditions) -> set[Sign]:
    return {sign for sign, condition in conditions.items() if condition.holds}


def with_group(*, lag: int, members: int, state: Any) -> KafkaNumbers:
    assert isinstance(WELL.kafka, KafkaNumbers)
    group = ConsumerGroup(group=TRIGGER_GROUP, topic="telemetry", lag=lag, members=members, state=state)
    return replace(WELL.kafka, groups=[group])


def test_a_platform_that_is_well_has_none_without_a_search_engine_or_a_gpu_too() -> None:
    assert isinstance(WELL.database, DatabaseNumbers)
    assert holding(conditions_of(pipeline())) == set()
    without_search = pipeline(has_search=False, search=AWAY, database=replace(WELL.database, relay_lag=9_000))
    assert holding(conditions_of(without_search)) == set()
    assert without_search.search.state == "standby"


@pytest.mark.parametrize(
    ("tool", "sign"),
    [
        ("kafka", ("kafka", "unavailable")),
        ("rabbitmq", ("rabbitmq", "unavailable")),
        ("triton", ("triton", "unavailable")),
        ("metrics", ("victoria_metrics", "unavailable")),
        ("database", ("database", "unavailable")),
        ("search", ("search", "unavailable")),
    ],
)
def test_a_server_that_is_away_is_one_alarm_and_no_other(tool: str, sign: Sign) -> None:
    found = conditions_of(pipeline(**{tool: AWAY}))
    assert holding(found) == {sign}
    assert "refused" in found[sign].cause
    assert (sign[0], "impaired") not in found


@pytest.mark.parametrize(
    ("answers", "sign", "severity"),
    [
        ({"workers": []}, ("workers", "impaired"), Severity.DISTRESS),
        (
            {
                "workers": [
                    Worker(worker="one", is_alive=True, active=0, concurrency=2, processed=7),
                    Worker(worker="two", is_alive=False, active=None, concurrency=None, processed=None),
                ]
            },
            ("workers", "impaired"),
            Severity.WARNING,
        ),
        (
            {"triton": [IndexedModel(model_name="lstm", version="1", is_ready=False)]},
            ("triton", "impaired"),
            Severity.DISTRESS,
        ),
        (
            {"metrics": Metrics(triton=[], numbers={"success_percent": 100.0, "latency_p99_s": 294.0})},
            ("verdicts", "impaired"),
            Severity.WARNING,
        ),
        (
            {"kafka": with_group(lag=0, members=0, state="serious")},
            ("kafka-inference-trigger", "unavailable"),
            Severity.DISTRESS,
        ),
        (
            {"kafka": with_group(lag=1_200, members=1, state="serious")},
            ("kafka-inference-trigger", "impaired"),
            Severity.WARNING,
        ),
    ],
)
def test_a_part_that_does_not_work_as_it_should_is_an_alarm(
    answers: dict[str, Any], sign: Sign, severity: Severity
) -> None:
    found = conditions_of(pipeline(**answers))
    assert holding(found) == {sign}
    assert found[sign].severity is severity


@pytest.mark.parametrize(
    ("running", "sign"),
    [
        ({"verdict-relay": False}, {("verdict-relay", "unavailable")}),
        ({"verdict-relay": None}, {("verdict-relay", "unavailable")}),
        ({"kafka-inference-trigger": False}, {("kafka-inference-trigger", "unavailable")}),
        ({}, set()),
    ],
)
def test_a_service_that_does_not_answer_is_an_alarm(running: dict[str, bool | None], sign: set[Sign]) -> None:
    found = {name: running.get(name, True) for name in SERVICES}
    metrics = Metrics(
        triton=[],
        numbers={},
        running={name: answers for name, answers in found.items() if answers is not None},
    )
    assert holding(conditions_of(pipeline(metrics=metrics))) == sign
    assert holding(conditions_of(pipeline(metrics=replace(metrics, running={})))) == set()


def test_verdicts_that_are_not_relayed_are_an_alarm_of_search() -> None:
    assert isinstance(WELL.database, DatabaseNumbers)
    found = conditions_of(pipeline(database=replace(WELL.database, relay_lag=1_001)))
    assert holding(found) == {("search", "impaired")}


def test_without_an_answer_the_operation_server_alone_is_known_to_be_away() -> None:
    assert holding(no_answer("refused")) == set(no_answer("refused")) == {("operation-server", "unavailable")}


def test_dead_letters_are_new_for_a_while_after_the_newest_came() -> None:
    arrivals = Arrivals()
    assert arrivals.conditions(0) == {}
    held = []
    for at_us, count in ((1, 4), (2, 4), (3, 6), (4, None), (5, 2), (2 + ARRIVAL_US, 2), (3 + ARRIVAL_US, 2)):
        arrivals = arrivals.after(count, at_us)
        held.append(bool(holding(arrivals.conditions(at_us))))
    assert held == [False, False, True, True, True, True, False]


def test_satellites_that_more_telemetry_does_not_help_are_named() -> None:
    rare = {"interval_s": 900.0, "needed": 30, "max_span_s": 600.0, "enough_span_s": None}
    learning = {"samples": 1, "needed": 2, "remaining_s": None}
    found = not_judged(
        fleet(
            eps={"rarely_sampled": rare},
            comms={"learning": {**learning, "reason": "too_few_samples"}},
            thermal={"learning": {**learning, "reason": "check_failed"}},
            aocs={},
        )
    )
    (condition,) = found.values()
    assert condition.holds
    assert condition.cause == "SAT-001 eps: rarely_sampled; SAT-001 thermal: check_failed"
    assert holding(not_judged(fleet(eps={}))) == set()


def test_a_contact_plan_that_ran_out_is_an_alarm_that_says_what_to_do() -> None:
    plan = {"is_covered": False, "covered_until": "2026-11-29T23:00:00Z", "running": None, "next": None}
    (condition,) = ran_out(fleet(contact_plan=plan | {"has_run_out": True})).values()
    assert condition.holds
    assert condition.severity is Severity.WARNING
    assert "send the next one, or delete" in condition.cause
    assert condition.cause.endswith("SAT-001 since 2026-11-29 23:00 UTC")
    assert holding(ran_out(fleet(contact_plan=plan | {"has_run_out": False}))) == set()
    assert holding(ran_out(fleet())) == set()
