"""Tasks that can't be read or saved end as dead letters or failed rows, never in nothing."""

from collections.abc import Callable, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis_server.delivery.consuming import TaskConsumer, fault_of, fault_of_body
from analysis_server.delivery.parking import header_count
from analysis_server.delivery.saving import save_apart
from analysis_server.judging.rows import failed_rows
from analysis_server.windows.arguments import parse_series
from analysis_server.windows.reading import read_series_task, read_subsystem_task
from analysis_server.windows.window_sets import WindowSet
from telemetry_core.contract.errors import (
    DependencyUnavailable,
    ModelContractError,
    NewerTaskSchema,
    PlatformError,
    StatementTooSlow,
)
from telemetry_core.contract.inferences import Job, SubsystemInference
from telemetry_core.contract.tasks import BATCH_SCHEMA
from tests.hostile import json_values

HEADERS = {"task": "known", "id": "1", "timelimit": [None, None], "eta": None, "expires": None}
BODY = [["job-1"], {}, {"callbacks": None, "errbacks": None, "chain": None, "chord": None}]


def newest(_model_name: str) -> str | None:
    return "1"


class Message:
    """A delivered message that remembers what became of it."""

    def __init__(self, headers: object, payload: object) -> None:
        self.headers = headers
        self._payload = payload
        self.acknowledged = False
        self.outcome = "taken"

    @property
    def payload(self) -> object:
        if isinstance(self._payload, Exception):
            raise self._payload
        return self._payload

    def reject_log_error(self, *_: object) -> None:
        self.acknowledged = True
        self.outcome = "dead letter"

    def ack_log_error(self, *_: object) -> None:
        self.acknowledged = True
        self.outcome = "lost"


def receiver(strategy: Callable[..., None]) -> Callable[[Message], None]:
    consumer: Any = object.__new__(TaskConsumer)
    consumer.strategies = {"known": strategy}
    consumer.on_task_message = set()
    consumer.connection_errors = (ConnectionResetError,)
    consumer.channel_errors = ()
    consumer._maximum_prefetch_restored = True
    consumer.call_soon_ack = lambda *_: None
    handler: Callable[[Message], None] = consumer.create_task_handler()
    return handler


@pytest.mark.parametrize(
    ("headers", "payload"),
    [
        (None, BODY),
        ({}, {}),
        ({"task": None, "id": "1"}, BODY),
        ({**HEADERS, "task": 7}, BODY),
        ({**HEADERS, "id": None}, BODY),
        ({**HEADERS, "task": "unknown"}, BODY),
        ({**HEADERS, "eta": "2099-01-01T00:00:00+00:00"}, BODY),
        ({**HEADERS, "expires": "2099-01-01T00:00:00+00:00"}, BODY),
        ({**HEADERS, "timelimit": [1, 2]}, BODY),
        (HEADERS, ValueError("no JSON")),
        (HEADERS, UnicodeDecodeError("utf-8", b"\xff", 0, 1, "bad")),
        (HEADERS, RecursionError("nested too deeply")),
        (HEADERS, None),
        (HEADERS, 7),
        (HEADERS, {}),
        (HEADERS, [1, 2]),
        (HEADERS, [{}, [], {}]),
        (HEADERS, [[], {}, "x"]),
        (HEADERS, [[], {}, {"chord": {"task": "other"}}]),
        (HEADERS, [[], {}, {"callbacks": [{"task": "other"}]}]),
    ],
)
def test_message_that_is_no_task_for_now_is_a_dead_letter(headers: object, payload: object) -> None:
    message = Message(headers, payload)
    receiver(lambda *_: None)(message)
    assert message.outcome == "dead letter"


def test_task_of_ours_is_taken() -> None:
    message = Message(HEADERS, BODY)
    receiver(lambda *_: None)(message)
    assert message.outcome == "taken"


def test_fault_in_taking_a_message_is_a_dead_letter_but_a_broken_connection_is_raised() -> None:
    def failing(error: Exception) -> Callable[..., None]:
        def strategy(*_: object) -> None:
            raise error

        return strategy

    message = Message(HEADERS, BODY)
    receiver(failing(ValueError("x")))(message)
    assert message.outcome == "dead letter"
    with pytest.raises(ConnectionResetError):
        receiver(failing(ConnectionResetError()))(Message(HEADERS, BODY))


@pytest.mark.parametrize(
    ("value", "count"), [(3, 3), (-(10**9), 0), (True, 0), ("3", 0), (2.5, 0), (None, 0)]
)
def test_count_in_a_header_is_a_whole_number_from_zero_on(value: object, count: int) -> None:
    task = SimpleNamespace(request={"parked": value})
    assert header_count(task, "parked") == count  # type: ignore[arg-type]


@given(json_values, json_values)
def test_any_headers_and_body_are_judged(headers: Any, body: Any) -> None:
    assert fault_of(headers) is not None
    assert fault_of_body(body) is None or isinstance(fault_of_body(body), str)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        ([], {}),
        (["job"], {}),
        (["job", "lstm", [1.0], {}, {}, "too many"], {}),
        (["job", "lstm", "text"], {}),
        (["job", "lstm", []], {}),
        (["job", "lstm", [1e400]], {}),
        (["job\x00", "lstm", [1.0]], {}),
        (["j" * 256, "lstm", [1.0]], {}),
        (["job", "lstm", [1.0]], {"data": [1.0]}),
        (["job", "lstm", [1.0]], {"surprise": 1}),
    ],
)
def test_series_task_with_wrong_arguments_is_refused_with_the_reason(
    arguments: Sequence[Any], named: dict[str, Any]
) -> None:
    with pytest.raises(ModelContractError):
        read_series_task(arguments, named, newest_version=newest)


@pytest.mark.parametrize(
    "batch", [None, "text", [], {}, {"schema": 0}, {"schema": "2"}, {"schema": BATCH_SCHEMA, "jobs": []}]
)
def test_malformed_batch_is_refused(batch: Any) -> None:
    with pytest.raises(ModelContractError):
        read_subsystem_task([], {"batch": batch}, newest_version=newest)


@pytest.mark.parametrize("schema", [BATCH_SCHEMA + 1, 99])
def test_batch_of_a_later_release_is_told_apart(schema: int) -> None:
    with pytest.raises(NewerTaskSchema):
        read_subsystem_task([], {"batch": {"schema": schema, "surprise": True}}, newest_version=newest)


@given(st.lists(json_values, max_size=8), st.dictionaries(st.text(max_size=8), json_values, max_size=4))
def test_any_arguments_are_windows_or_a_refusal(arguments: list[Any], named: dict[str, Any]) -> None:
    try:
        read_subsystem_task(arguments, named, newest_version=newest)
    except PlatformError:
        return


def test_time_without_zone_in_hand_sent_metadata_is_utc() -> None:
    arguments = {"job_id": "j", "model_name": "m", "data": [1.0] * 12}
    task = parse_series(
        {**arguments, "metadata": {"created_at": "2026-11-28T08:56:18"}}, newest_version=newest
    )
    assert task.jobs[0].created_at.utcoffset() is not None


def window_set(*job_ids: str) -> WindowSet:
    parts = [
        parse_series({"job_id": job_id, "model_name": "m", "data": [1.0] * 12}, newest_version=newest).jobs[0]
        for job_id in job_ids
    ]
    return WindowSet(
        subsystem="eps",
        model_name="m",
        model_version="1",
        channels=("value",),
        horizon=5,
        jobs=parts,
        origins=[{"series": [1.0]}] * len(parts),
        windows=np.ones((len(parts), 1, 12), dtype=np.float32),
    )


class Database:
    """Refuses some rows, or all of a job."""

    def __init__(self, *, refuses: str = "", refuses_wholly: str = "") -> None:
        self.refuses = refuses
        self.refuses_wholly = refuses_wholly
        self.saved: dict[str, str | None] = {}

    def __call__(self, task: WindowSet, rows: Sequence[SubsystemInference]) -> None:
        jobs: Sequence[Job] = task.jobs
        assert [job.job_id for job in jobs] == [row.job_id for row in rows]
        for row in rows:
            is_bare = "series" not in row.input_data
            if row.job_id == self.refuses_wholly or (row.job_id == self.refuses and not is_bare):
                raise ValueError("numeric field overflow")
        self.saved |= {row.job_id: row.error_message for row in rows}


def test_row_that_the_database_refuses_fails_alone_with_its_reason() -> None:
    task, database = window_set("a", "b", "c"), Database(refuses="b")
    assert save_apart(task, failed_rows(task, "x"), database) == []
    assert database.saved == {"a": "x", "b": "this verdict can't be saved: numeric field overflow", "c": "x"}


def test_row_that_can_not_even_be_saved_as_failed_is_named() -> None:
    task, database = window_set("a", "b", "c"), Database(refuses_wholly="b")
    assert save_apart(task, failed_rows(task, "x"), database) == ["b: numeric field overflow"]
    assert set(database.saved) == {"a", "c"}


def test_commit_that_is_always_too_slow_is_done_in_parts_and_one_job_waits() -> None:
    saved: list[list[str]] = []

    def slow(_task: WindowSet, rows: Sequence[SubsystemInference]) -> None:
        if len(rows) > fits:
            raise StatementTooSlow("postgresql", "canceling statement due to statement timeout")
        saved.append([row.job_id for row in rows])

    task, fits = window_set(*"abcdefg"), 2
    assert save_apart(task, failed_rows(task, "x"), slow) == []
    assert saved == [["a"], ["b", "c"], ["d", "e"], ["f", "g"]]
    fits = 0
    with pytest.raises(StatementTooSlow):
        save_apart(task, failed_rows(task, "x"), slow)


def test_database_outage_fails_no_row() -> None:
    def away(_task: WindowSet, _rows: Sequence[SubsystemInference]) -> None:
        raise DependencyUnavailable("postgresql", "connection refused")

    task = window_set("a", "b")
    with pytest.raises(DependencyUnavailable):
        save_apart(task, failed_rows(task, "x"), away)
