"""Which tasks of telemetry are sent once more: those that have no row, each once."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from kafka_inference_trigger.reconcile import Key, demanded, reconcile, send_apart
from kafka_inference_trigger.rules import PlannedJob, plan_tasks
from kafka_inference_trigger.trigger import InferenceTrigger
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.contract.tasks import InferenceBatch
from telemetry_core.kafka.records import Record
from telemetry_core.service.settings import load_mission

MISSION = load_mission(Path(__file__).parents[3] / "missions" / "default.yaml")
START = datetime(2026, 5, 1, 12, tzinfo=UTC)


def at(second: int) -> int:
    return int((START + timedelta(seconds=second)).timestamp()) * 1_000_000


def record(second: int, satellite_id: str = "SAT-001") -> Record:
    body = {
        "timestamp": (START + timedelta(seconds=second)).isoformat(),
        "satellite_id": satellite_id,
        "eps": {"battery_soc_percent": 20.0, "battery_voltage": float(second)},
        "comm": {"rssi_dbm": -90.0},
    }
    return Record(
        value=json.dumps(body).encode(),
        key=satellite_id.encode(),
        partition=0,
        offset=second,
        received_us=at(second),
    )


def sent_of(
    records: list[Record], present: set[Key], satellite_id: str | None = None
) -> tuple[list[PlannedJob], dict[str, int]]:
    sent: list[PlannedJob] = []
    trigger = InferenceTrigger(MISSION, topic="satellite-telemetry", clock=lambda: START)
    counts = reconcile(
        demanded(records, trigger, from_us=at(20), to_us=at(25)),
        satellite_id=satellite_id,
        find_rows=lambda job_ids: {key for key in present if key[0] in job_ids},
        send=sent.extend,
    )
    return sent, counts


def keys(jobs: list[PlannedJob]) -> set[Key]:
    return {(planned.job.job_id, name) for planned in jobs for name in planned.windows}


def test_only_jobs_of_what_was_received_in_that_time_are_demanded() -> None:
    sent, counts = sent_of([record(second) for second in range(40)], set())
    assert [planned.job.metadata["offset"] for planned in sent] == list(range(20, 26))
    assert counts == {"SAT-001": 12}


def test_windows_are_those_that_the_trigger_sent() -> None:
    trigger = InferenceTrigger(MISSION, topic="satellite-telemetry", clock=lambda: START)
    live = trigger.plan([record(second) for second in range(40)]).jobs
    (first, *_), _ = sent_of([record(second) for second in range(40)], set())
    (same,) = [planned for planned in live if planned.job.job_id == first.job.job_id]
    assert np.array_equal(first.windows["eps"].values, same.windows["eps"].values, equal_nan=True)
    assert first.job == same.job


def test_rows_that_exist_are_not_sent_again_and_missing_parts_are() -> None:
    records = [record(second) for second in range(40)]
    everything = keys(sent_of(records, set())[0])
    lost = sorted(everything)[3]
    sent, counts = sent_of(records, everything - {lost})
    assert keys(sent) == {lost}
    assert counts == {"SAT-001": 1}
    assert sent_of(records, everything) == ([], {})


@pytest.mark.slow
def test_repeated_messages_are_sent_once() -> None:
    once = sent_of([record(second) for second in range(26)], set())[1]
    twice = sent_of([record(second) for second in range(26) for _ in range(300)], set())[1]
    assert once == twice


def test_one_satellite_may_be_chosen() -> None:
    records = [record(second, name) for second in range(26) for name in ("SAT-001", "SAT-002")]
    assert sent_of(records, set())[1].keys() == {"SAT-001", "SAT-002"}
    assert sent_of(records, set(), "SAT-002")[1].keys() == {"SAT-002"}


class PickyBroker:
    """Can't take one job, and is away where told."""

    def __init__(self, bad: str) -> None:
        self.bad = bad
        self.sent: list[str] = []
        self.is_away = False

    def __call__(self, batch: InferenceBatch, task_id: str) -> None:
        names = [windowed.job.job_id for windowed in batch.jobs]
        if self.is_away:
            raise DependencyUnavailable("rabbitmq", "away")
        if self.bad in names:
            raise TypeError("can't be encoded")
        self.sent += names


def test_job_that_can_not_be_sent_is_named_and_the_others_are_sent(
    capsys: pytest.CaptureFixture[str],
) -> None:
    jobs, _ = sent_of([record(second) for second in range(40)], set())
    (batch, *_) = plan_tasks(MISSION, jobs)
    names = [windowed.job.job_id for windowed in batch.jobs]
    broker = PickyBroker(bad=names[2])
    send_apart(broker, batch)
    assert broker.sent == [name for name in names if name != names[2]]
    assert f"{batch.subsystem} of job {names[2]} can't be sent: TypeError" in capsys.readouterr().err
    broker.is_away = True
    with pytest.raises(DependencyUnavailable):
        send_apart(broker, batch)
