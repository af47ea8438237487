"""A turn of learning: bounded, fair, each subsystem on its own; what it lacks is kept."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from analysis_server.judging.triton import Forecast
from analysis_server.learner import (
    CALIBRATED,
    LATEST_RETRY_S,
    LATEST_S,
    SOONEST_S,
    TURN_S,
    Learner,
    next_look_s,
)
from analysis_server.learning.calibrations import Calibrations, Part, Progress
from analysis_server.learning.stored_telemetry import StoredTelemetry
from scoring.fitting.history import Marks, Samples
from scoring.fitting.learning import MOST_SAMPLES, NEEDED_SAMPLES, needed_samples
from scoring.fitting.outcome import Learned
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.limits.changes import Limits
from telemetry_core.service.settings import Settings, load_mission

DEFAULT = load_mission(Settings().mission_file)
INTERVAL_S = 20.0
END_S = 1_800_000_000


def part(satellite_id: str = "NEW-1", subsystem: str = "comm", interval_s: float = INTERVAL_S) -> Part:
    return Part(
        satellite_id=satellite_id,
        subsystem=subsystem,
        interval_s=interval_s,
        generated_us=END_S * 1_000_000,
    )


def level_model(_name: str, _version: str, windows: NDArray[np.float32]) -> Forecast:
    """Forecasts each step as the last one, with a deviation of 1."""
    shape = (len(windows), 64)
    before = np.nan_to_num(np.roll(windows, 1, axis=1))
    return Forecast(
        mean=np.zeros(shape, np.float32), std=np.ones(shape, np.float32),
        step_mean=before, step_std=np.ones_like(before),
    )  # fmt: skip


class Kept(Calibrations):
    """What PostgreSQL would keep."""

    def __init__(self, *parts: Part, taken: Iterable[str] = ()) -> None:
        self.parts = list(parts)
        self.taken = set(taken)
        self.progress: dict[str, Progress] = {}
        self.saved: dict[str, Learned] = {}
        self.refused: list[Learned] = []
        self.known = Marks()

    def due_parts(
        self, subsystems: Sequence[str], satellites: Sequence[str] | None, limit: int
    ) -> list[Part]:
        return [one for one in self.parts if satellites is None or one.satellite_id in satellites][:limit]

    def claim(self, part: Part, *, is_forced: bool) -> bool:
        return is_forced or part.satellite_id not in self.taken

    def marks(self, part: Part, first_us: int, last_us: int) -> Marks:
        return self.known

    def save_progress(self, part: Part, progress: Progress, refused: Learned | None = None) -> None:
        self.progress[part.satellite_id] = progress
        if refused is not None:
            self.refused.append(refused)

    def save(self, part: Part, learned: Learned, progress: Progress) -> bool:
        self.progress[part.satellite_id] = progress
        self.saved[part.satellite_id] = learned
        return True


class Stored(StoredTelemetry):
    """Noise on every channel; by satellite the number of samples, or what is raised."""

    def __init__(self, *, interval_s: float = INTERVAL_S, **counts: int | Exception) -> None:
        self.interval_s = interval_s
        self.counts = counts
        self.asked: list[tuple[str, dict[str, str]]] = []

    def newest(
        self, satellite_id: str, metrics: Mapping[str, str], *, until_ms: int, interval_s: float
    ) -> dict[str, Samples]:
        assert (until_ms, interval_s) == (END_S * 1000, self.interval_s)
        self.asked.append((satellite_id, dict(metrics)))
        count = self.counts[satellite_id.replace("-", "_")]
        if isinstance(count, Exception):
            raise count
        times_us = (END_S - interval_s * np.arange(count)[::-1]) * 1_000_000
        return {
            name: Samples(
                times_us=times_us.astype(np.int64),
                values=(-90 if name == "rssi_dbm" else 500)
                + np.random.default_rng(number).normal(size=count),
            )
            for number, name in enumerate(metrics)
        }


def learner(kept: Kept, stored: Stored, **settings: Any) -> Learner:
    return Learner(kept, stored, level_model, lambda: Limits.of(DEFAULT), **settings)


class Clock:
    now_s = 0.0

    def __call__(self) -> float:
        self.now_s += TURN_S / 4
        return self.now_s


def test_enough_telemetry_gives_constants_that_are_looked_at_again_when_it_has_doubled() -> None:
    kept = Kept(part())
    stored = Stored(NEW_1=NEEDED_SAMPLES)
    assert learner(kept, stored).turn() == 1
    assert kept.saved["NEW-1"].samples == NEEDED_SAMPLES
    progress = kept.progress["NEW-1"]
    assert (progress.reason, progress.wait_s) == (CALIBRATED, NEEDED_SAMPLES * INTERVAL_S)
    assert stored.asked[0][1]["rssi_dbm"] == "satellite_rssi"


def test_telemetry_rarer_than_the_gap_of_faster_channels_is_learned_from() -> None:
    rarely_s = 300.0
    assert rarely_s > DEFAULT.window.max_gap_s
    kept = Kept(part(interval_s=rarely_s))
    assert learner(kept, Stored(interval_s=rarely_s, NEW_1=NEEDED_SAMPLES)).turn() == 1
    assert kept.saved["NEW-1"].intervals_s == pytest.approx((250, 360))


def test_too_few_samples_are_reported_with_their_interval() -> None:
    kept = Kept(part())
    assert learner(kept, Stored(NEW_1=412)).turn() == 0
    progress = kept.progress["NEW-1"]
    assert (progress.samples, progress.interval_s, progress.reason) == (412, INTERVAL_S, "too_few_samples")
    assert progress.wait_s == pytest.approx((NEEDED_SAMPLES - 412) * INTERVAL_S / 10)


def test_samples_of_less_than_three_orbits_are_too_few_however_many_they_are() -> None:
    kept = Kept(part(interval_s=2.0))
    assert learner(kept, Stored(interval_s=2.0, NEW_1=8_640)).turn() == 0
    assert (kept.progress["NEW-1"].samples, kept.progress["NEW-1"].reason) == (8_640, "too_few_samples")
    assert needed_samples(2.0) == 8_641
    assert learner(kept, Stored(interval_s=2.0, NEW_1=8_641)).turn() == 1


def test_telemetry_too_dense_to_be_read_over_three_orbits_is_not_settled() -> None:
    kept = Kept(part(interval_s=0.25))
    assert learner(kept, Stored(interval_s=0.25, NEW_1=MOST_SAMPLES)).turn() == 0
    progress = kept.progress["NEW-1"]
    assert (progress.reason, progress.detail) == ("not_settled", "2.8 of 4.8 h, no more is read")


def test_a_renewal_in_vain_is_tried_again_later() -> None:
    kept = Kept(replace(part(), is_renewal=True))
    learner(kept, Stored(NEW_1=100)).turn()
    assert kept.progress["NEW-1"].reason == CALIBRATED


def test_missing_stored_channels_are_reported() -> None:
    kept = Kept(part())
    learner(kept, Stored(NEW_1=0)).turn()
    assert kept.progress["NEW-1"].reason == "not_stored"


def test_what_alerts_mark_is_left_out() -> None:
    kept = Kept(part())
    kept.known = Marks(alerts_us=[(0, END_S * 1_000_000)])
    learner(kept, Stored(NEW_1=NEEDED_SAMPLES)).turn()
    assert kept.progress["NEW-1"].reason == "left_out"


def test_one_that_fails_stops_no_other() -> None:
    kept = Kept(part("BAD"), part("NEW-1"))
    assert learner(kept, Stored(BAD=ZeroDivisionError("by zero"), NEW_1=100)).turn() == 0
    assert kept.progress["BAD"].reason == "not_fitted"
    assert kept.progress["BAD"].wait_s == LATEST_S
    assert kept.progress["NEW-1"].reason == "too_few_samples"


def test_unavailable_server_ends_the_turn() -> None:
    with pytest.raises(DependencyUnavailable):
        learner(Kept(part()), Stored(NEW_1=DependencyUnavailable("victoria-metrics", "away"))).turn()


def test_a_turn_is_bounded_in_time_and_goes_on_in_order() -> None:
    kept = Kept(*(part(f"S{number}") for number in range(100)))
    stored = Stored(**{f"S{number}": 20 for number in range(100)})
    learner(kept, stored, monotonic=Clock()).turn()
    assert list(kept.progress) == ["S0", "S1", "S2", "S3"]


def test_a_worker_that_stops_takes_up_no_further_one() -> None:
    kept = Kept(part("A"), part("B"))
    going = iter([True, False])
    learner(kept, Stored(A=20, B=20)).turn(goes_on=lambda: next(going))
    assert list(kept.progress) == ["A"]


def test_what_another_worker_took_up_is_left_to_it_unless_named() -> None:
    kept = Kept(part("A"), part("B"), taken=["A"])
    one = learner(kept, Stored(A=20, B=20))
    one.turn()
    assert list(kept.progress) == ["B"]
    one.turn(["A"])
    assert list(kept.progress) == ["B", "A"]


@pytest.mark.parametrize(
    ("samples", "interval_s", "reason", "wait_s"),
    [
        (1_999, 20.0, "too_few_samples", SOONEST_S),
        (100, 120.0, "too_few_samples", LATEST_S),
        (4_000, 20.0, "check_failed", 8_000.0),
        (10_000, 120.0, "check_failed", LATEST_RETRY_S),
        (0, None, "not_stored", LATEST_S),
    ],
)
def test_the_next_look_comes_when_there_is_something_new(
    samples: int, interval_s: float | None, reason: str, wait_s: float
) -> None:
    assert next_look_s(samples, interval_s, reason) == pytest.approx(wait_s)
