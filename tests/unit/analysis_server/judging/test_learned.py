"""Which constants judge a job, and how a worker comes to know of new ones."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis_server.judging.calibration_file import load_calibration
from analysis_server.judging.learned import (
    AGAIN_S,
    MOST_KEPT,
    POLL_S,
    LearnedConstants,
    Lookup,
    judge_by_choice,
)
from analysis_server.judging.rows import failed_rows
from analysis_server.windows.window_sets import WindowSet
from scoring.calibration import CALIBRATION_FORMAT, MEASURE_NAMES, Calibration
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.contract.inferences import Job, SubsystemInference

SHIPPED = replace(
    load_calibration(Path(__file__).parents[4] / "model_repository" / "lstm_timeseries" / "1"),
    bands_s=((0.5, 5.0),),
)
NOW = datetime(2026, 5, 1, tzinfo=UTC)
OWN = replace(SHIPPED, bands_s=((15.0, 25.0),), hash="own")
CONTENT = {
    "format": CALIBRATION_FORMAT, "fitted": {"bands_s": [[15, 25]]}, "channels": {}, "subsystems": {},
    "measures": MEASURE_NAMES,
}  # fmt: skip


def task(*jobs: tuple[str, float], subsystem: str = "aocs") -> WindowSet:
    """One job of gyro_x for each satellite and interval."""
    return WindowSet(
        subsystem=subsystem, model_name="lstm_timeseries", model_version="1", channels=("gyro_x",), horizon=3,
        jobs=[
            Job(
                job_id=f"{name}-{number}", satellite_id=name, source="kafka_auto_trigger",
                trigger_reason=None, total_subsystems=1, created_at=NOW,
            )
            for number, (name, _) in enumerate(jobs)
        ],
        origins=[{}] * len(jobs), windows=np.arange(64.0 * len(jobs)).reshape(-1, 1, 64),
        steps=np.full((len(jobs), 1), 64), interval_s=np.array([[interval_s] for _, interval_s in jobs]),
    )  # fmt: skip


def judged(one: WindowSet, learned: Lookup) -> tuple[list[tuple[str, str | None]], int]:
    """By job its id and the hash of its constants, and how often the model was called."""
    calls = []

    def judge(part: WindowSet, calibration: Calibration) -> list[SubsystemInference]:
        calls.append(part)
        return failed_rows(part, calibration.hash)

    rows = judge_by_choice(one, SHIPPED, learned, judge)
    return [(row.job_id, row.error_message) for row in rows], len(calls)


def test_irregular_samples_are_judged_by_nobodys_constants() -> None:
    one = replace(task(("A", 20.0), ("A", 20.0)), is_irregular=np.array([[False], [True]]))
    assert judged(one, lambda _satellites, _subsystem: {"A": OWN})[0] == [
        ("A-0", "own"),
        ("A-1", SHIPPED.hash),
    ]


def test_what_the_shipped_constants_cover_is_judged_by_them_and_nobody_is_asked() -> None:
    def unasked(_satellites: Sequence[str], _subsystem: str) -> Mapping[str, Calibration]:
        raise AssertionError

    assert judged(task(("A", 1.0), ("B", 5.0)), unasked) == (
        [("A-0", SHIPPED.hash), ("B-1", SHIPPED.hash)],
        1,
    )


def test_each_job_is_judged_by_its_satellites_own_constants_in_order() -> None:
    found, calls = judged(task(("A", 20.0), ("B", 20.0), ("A", 1.0), ("A", 20.0)), lambda *_: {"A": OWN})
    assert found == [("A-0", "own"), ("B-1", SHIPPED.hash), ("A-2", SHIPPED.hash), ("A-3", "own")]
    assert calls == 2


def test_coverage_is_told_once_by_the_constants_that_judge() -> None:
    found = []

    def judge(part: WindowSet, calibration: Calibration) -> list[SubsystemInference]:
        found.append((calibration.hash, part.is_covered, part.origins))
        return failed_rows(part, calibration.hash)

    judge_by_choice(task(("A", 20.0), ("B", 20.0)), SHIPPED, lambda *_: {"A": OWN}, judge)
    (own, covered, _), (shipped, uncovered, origins) = found
    assert uncovered is not None
    assert (own, covered, shipped, uncovered.tolist()) == ("own", None, SHIPPED.hash, [[False]])
    assert origins[0]["not_calibrated"]["gyro_x"]["interval_s"] == 20.0


def test_own_constants_of_another_cadence_judge_nothing() -> None:
    assert judged(task(("A", 60.0)), lambda *_: {"A": OWN})[0] == [("A-0", SHIPPED.hash)]


class Store:
    """Learned constants as PostgreSQL keeps them."""

    def __init__(self) -> None:
        self.versions: dict[tuple[str, str], tuple[int, str]] = {}
        self.is_away = False
        self.questions = 0
        self.content: Any = CONTENT

    def in_use(self, satellites: Sequence[str], subsystem: str) -> dict[str, tuple[int, str]]:
        self.questions += 1
        if self.is_away:
            raise DependencyUnavailable("postgresql", "away")
        return {
            name: of for (name, part), of in self.versions.items() if name in satellites and part == subsystem
        }

    def constants(self, versions: Mapping[str, int], subsystem: str) -> dict[str, Any]:
        return dict.fromkeys(versions, self.content)


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        return self.now_s


LearnedOfOne = Callable[[str, str], Calibration | None]


@pytest.fixture
def store() -> Store:
    return Store()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def constants(store: Store, clock: Clock) -> LearnedConstants:
    return LearnedConstants(store, monotonic=clock)


@pytest.fixture
def learned(constants: LearnedConstants) -> LearnedOfOne:
    return lambda satellite_id, subsystem: constants([satellite_id], subsystem).get(satellite_id)


def hash_of(calibration: Calibration | None) -> str | None:
    return None if calibration is None else calibration.hash


def test_a_new_version_is_taken_up_within_the_polling_time_and_asked_for_once(
    store: Store, clock: Clock, learned: LearnedOfOne
) -> None:
    assert learned("A", "aocs") is None
    store.versions["A", "aocs"] = (1, "first")
    assert learned("A", "aocs") is None
    assert store.questions == 1
    clock.now_s += POLL_S
    assert hash_of(learned("A", "aocs")) == "first"
    store.versions["A", "aocs"] = (2, "second")
    clock.now_s += POLL_S
    assert hash_of(learned("A", "aocs")) == "second"
    del store.versions["A", "aocs"]
    clock.now_s += POLL_S
    assert learned("A", "aocs") is None


def test_known_constants_keep_working_while_postgresql_is_unavailable(
    store: Store, clock: Clock, learned: LearnedOfOne
) -> None:
    store.versions["A", "aocs"] = (1, "first")
    learned("A", "aocs")
    store.is_away = True
    clock.now_s += POLL_S
    assert hash_of(learned("A", "aocs")) == "first"
    assert hash_of(learned("A", "aocs")) == "first"
    assert store.questions == 2
    store.is_away = False
    store.versions["A", "aocs"] = (2, "second")
    clock.now_s += AGAIN_S
    assert hash_of(learned("A", "aocs")) == "second"


def test_one_query_serves_all_known_constants_while_postgresql_is_unavailable(
    store: Store, clock: Clock, learned: LearnedOfOne
) -> None:
    for number in range(200):
        learned(f"S{number}", "aocs")
    store.is_away = True
    clock.now_s += POLL_S
    for number in range(200):
        learned(f"S{number}", "aocs")
    assert store.questions == 201


def test_one_question_serves_all_satellites_of_a_task(
    store: Store, clock: Clock, constants: LearnedConstants
) -> None:
    store.versions = {(f"S{number}", "aocs"): (1, "own") for number in range(100)}
    names = [f"S{number}" for number in range(200)]
    for _ in range(2):
        assert sorted(constants(names * 2, "aocs")) == sorted(names[:100])
    assert store.questions == 1
    clock.now_s += POLL_S
    store.versions["S150", "aocs"] = (1, "new")
    assert len(constants(names, "aocs")) == 101
    assert store.questions == 2


def test_unknown_constants_wait_for_postgresql(store: Store, learned: LearnedOfOne) -> None:
    store.is_away = True
    with pytest.raises(DependencyUnavailable):
        learned("A", "aocs")


@pytest.mark.parametrize("content", [{}, {"format": 99}, CONTENT | {"measures": []}, [], None])
def test_constants_of_another_release_are_none(store: Store, learned: LearnedOfOne, content: Any) -> None:
    store.versions["A", "aocs"] = (1, "first")
    store.content = content
    assert learned("A", "aocs") is None


def test_the_number_of_constants_kept_is_bounded(store: Store, learned: LearnedOfOne) -> None:
    for number in range(MOST_KEPT + 1):
        learned(f"S{number}", "aocs")
    learned(f"S{MOST_KEPT}", "aocs")
    assert store.questions == MOST_KEPT + 1
    learned("S0", "aocs")
    assert store.questions == MOST_KEPT + 2
