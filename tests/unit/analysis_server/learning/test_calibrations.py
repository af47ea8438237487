"""What the worker asks PostgreSQL about learned constants, and what it makes of the answers."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest

from analysis_server.learning.calibrations import QUERIES, Calibrations, Part, Progress
from scoring.fitting.history import Marks
from scoring.fitting.outcome import Learned
from tests.unit.postgres import Statements

PART = Part(satellite_id="SAT-001", subsystem="eps", interval_s=1.0, generated_us=0)
PROGRESS = Progress(samples=7, interval_s=1.0, reason="too_few_samples", detail="d" * 9_999, wait_s=60)
LEARNED = Learned(
    document={"format": 3}, data_from_us=0, data_until_us=1, samples=2_000, intervals_s=(0.8, 1.2),
    verdicts=1_000, false_alarms=0,
)  # fmt: skip


def names(statements: Statements) -> list[str]:
    by_text = {text: name for name, text in QUERIES.items()}
    return [by_text[text] for text, _ in statements.asked]


def row(**values: Any) -> Mapping[str, Any]:
    return {
        "satellite_id": "SAT-001", "subsystem": "eps", "generated_at": datetime(1970, 1, 1, tzinfo=UTC),
        "is_renewal": False,
        "interval_s": None, "not_calibrated": None,
    } | values  # fmt: skip


@pytest.mark.parametrize(
    ("found", "interval_s"),
    [
        (row(), 0.0),
        (row(interval_s=5.0), 5.0),
        (row(interval_s=5.0, not_calibrated={"a": {"interval_s": 3.0}, "b": {"interval_s": 2.0}}), 2.0),
        (row(interval_s=5.0, not_calibrated={"a": {"interval_s": 0}, "b": {}}), 5.0),
    ],
)
def test_interval_of_a_part_is_the_shortest_that_its_verdict_told(found: Any, interval_s: float) -> None:
    (part,) = Calibrations(Statements([found]).pool).due_parts(["eps"], None, 1)
    assert part.interval_s == interval_s


@pytest.mark.parametrize(("rows", "claimed"), [([{"claimed": 1}], True), ([], False)])
def test_part_is_taken_up_by_one_worker(rows: list[Any], *, claimed: bool) -> None:
    assert Calibrations(Statements(rows).pool).claim(PART, is_forced=False) == claimed


def span(second: int, **values: Any) -> Mapping[str, Any]:
    return {
        "first_at": datetime(1970, 1, 1, 0, 0, second, tzinfo=UTC),
        "last_at": datetime(1970, 1, 1, 0, 0, second + 1, tzinfo=UTC),
    } | values  # fmt: skip


def test_alerts_and_operators_mark_telemetry() -> None:
    said = [
        span(3, label="nominal", kind="anomaly"),
        span(5, label="anomalous", kind="limit"),
        span(7, label="anomalous", kind="anomaly"),
    ]
    spans = [(second * 1_000_000, (second + 1) * 1_000_000) for second in (3, 5, 7)]
    marks = Calibrations(Statements(said).pool).marks(PART, 0, 9)
    assert marks == Marks(alerts_us=spans, nominal_us=spans[:1], anomalous_us=spans[1:], events_us=spans[2:])


def test_progress_is_kept_with_a_short_detail_and_refused_constants_with_it() -> None:
    statements = Statements()
    Calibrations(statements.pool).save_progress(PART, PROGRESS)
    assert names(statements) == ["save_progress"]
    assert len(statements.asked[0][1]["detail"]) < 9_999
    Calibrations(statements.pool).save_progress(PART, PROGRESS, LEARNED)
    assert names(statements)[-2:] == ["insert_calibration", "forget_calibrations"]
    assert statements.asked[-2][1]["state"] == "refused"


@pytest.mark.parametrize(
    ("in_use", "is_saved"),
    [
        ([], True),
        ([{"satellite_id": "SAT-001", "version": 1, "hash": "another", "state": "active"}], True),
        ([{"satellite_id": "SAT-001", "version": 1, "hash": LEARNED.hash, "state": "active"}], False),
        ([{"satellite_id": "SAT-001", "version": 1, "hash": "another", "state": "pinned"}], False),
    ],
)
def test_constants_take_the_place_of_others_unless_these_are_pinned_or_the_same(
    in_use: list[Any], *, is_saved: bool
) -> None:
    statements = Statements(in_use)
    assert Calibrations(statements.pool).save(PART, LEARNED, PROGRESS) == is_saved
    assert ("insert_calibration" in names(statements)) == is_saved
    assert "save_progress" in names(statements)


def test_constants_are_read_by_satellite() -> None:
    found = {"satellite_id": "SAT-001", "version": 3, "hash": "h", "constants": {"format": 3}}
    calibrations = Calibrations(Statements([found]).pool)
    assert calibrations.in_use(["SAT-001"], "eps") == {"SAT-001": (3, "h")}
    assert calibrations.constants({"SAT-001": 3}, "eps") == {"SAT-001": {"format": 3}}
