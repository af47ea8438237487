"""One turn of learning: `python -m analysis_server.learner [SATELLITE ...]`, and as a task every minute.

Looks at subsystems whose verdicts are `learning`, in their turn and for a bounded time, and puts constants
into use that its own telemetry gives and that hold on a part of it that they never saw (ADR 0027).
"""

import argparse
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import structlog

from analysis_server.judging.forecasts import Infer
from analysis_server.judging.triton import TritonClient
from analysis_server.learning.calibrations import Calibrations, Part, Progress
from analysis_server.learning.stored_telemetry import StoredTelemetry
from scoring.fitting.history import History, Marks, Samples, held_samples, marked_by_limits
from scoring.fitting.learning import MOST_SAMPLES, Events, learn, needed_samples
from scoring.fitting.outcome import Learned, NotLearned
from scoring.fitting.stored import Subject
from scoring.measures.channel_settings import without_invalid_values
from scoring.measures.model_units import ModelUnits, Numbers
from scoring.measures.windows import Windows
from telemetry_core.contract.errors import DependencyUnavailable, ModelNotServed
from telemetry_core.contract.mission import Mission, Window, metrics_by_channel
from telemetry_core.limits.changes import Limits
from telemetry_core.limits.in_force import LimitsInForce
from telemetry_core.on_change import on_change_channels
from telemetry_core.postgres.database import Pool, open_pool
from telemetry_core.postgres.roles import as_service
from telemetry_core.service.observability import configure_logging
from telemetry_core.service.settings import Settings, load_mission

SERVICE: Final = "learning"
TURN_S: Final = 20.0
"""After it no further subsystem is taken up."""
MOST_PARTS: Final = 500
"""Of one turn."""
SOONEST_S, LATEST_S = 60.0, 3_600.0
"""Until the next look at one that has too few samples: a tenth of what is left to wait."""
RETRY_SHARE: Final = 0.1
"""So many more samples before what did not hold is tried again."""
LATEST_RETRY_S: Final = 86_400.0
UNKNOWN_INTERVAL_S: Final = 1.0
CALIBRATED: Final = "calibrated"
"""Reason of a subsystem that has constants: it is looked at again when its history has doubled."""

_log = structlog.get_logger(SERVICE)


class Learner:
    """Takes up what is due, each part on its own: what is wrong with one must not stop the others."""

    def __init__(
        self,
        calibrations: Calibrations,
        telemetry: StoredTelemetry,
        infer: Infer,
        limits: Callable[[], Limits],
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._calibrations = calibrations
        self._telemetry = telemetry
        self._infer = infer
        #: Of now; asked at the begin of each turn.
        self._limits_of_now = limits
        self._limits: Limits
        #: That of the part that is looked at.
        self._mission: Mission
        self._monotonic = monotonic

    def turn(
        self, satellites: Sequence[str] | None = None, *, goes_on: Callable[[], bool] = lambda: True
    ) -> int:
        """Look at what is due for at most TURN_S, or at all of named satellites; return how many learned.

        `goes_on` is asked before each part. Raises `DependencyUnavailable` and `ModelNotServed`: the rest
        waits for the next turn.
        """
        started_s = self._monotonic()
        self._limits = self._limits_of_now()
        parts = self._calibrations.due_parts(list(self._limits.file.subsystems), satellites, MOST_PARTS)
        learned = 0
        for part in parts:
            is_late = satellites is None and self._monotonic() - started_s > TURN_S
            if is_late or not goes_on():
                break
            if self._calibrations.claim(part, is_forced=satellites is not None):
                learned += self._isolated(part)
        return learned

    def _isolated(self, part: Part) -> bool:
        try:
            return self._look_at(part)
        except (DependencyUnavailable, ModelNotServed):
            raise
        except Exception as error:  # noqa: BLE001 - the log and the part's progress tell
            _log.exception(f"Learning {part.subsystem} of {part.satellite_id} failed")
            failed = Progress(
                samples=0,
                interval_s=part.interval_s or None,
                reason="not_fitted",
                detail=f"{type(error).__name__}: {error}",
                wait_s=LATEST_S,
            )
            self._calibrations.save_progress(part, failed)
            return False

    def _look_at(self, part: Part) -> bool:
        self._mission = self._limits.mission_of(part.satellite_id)
        samples = self._samples(part)
        count = max((one.times_us.size for one in samples.values()), default=0)
        interval_s = usual_interval_s(samples, self._mission.window)
        try:
            learned = self._learned(part, samples)
        except NotLearned as why:
            wait_s = next_look_s(count, interval_s, why.reason)
            reason = CALIBRATED if part.is_renewal else why.reason
            progress = Progress(
                samples=count, interval_s=interval_s, reason=reason, detail=str(why), wait_s=wait_s
            )
            self._calibrations.save_progress(part, progress, why.refused)
            if why.refused is not None:
                _log.warning(f"Constants of {part.subsystem} of {part.satellite_id} are refused: {why}")
            return False
        progress = Progress(
            samples=count,
            interval_s=interval_s,
            reason=CALIBRATED if count < MOST_SAMPLES else "learned",
            detail="",
            wait_s=max(SOONEST_S, count * (interval_s or UNKNOWN_INTERVAL_S)),
        )
        is_new = self._calibrations.save(part, learned, progress)
        if is_new:
            _log.info(
                f"Learned {part.subsystem} of {part.satellite_id}"
                f" from {learned.samples} samples: {learned.false_alarms} of {learned.verdicts} held-out"
                " verdicts would be false alarms, which vouches for fewer than"
                f" {learned.rates_per_day.most_runs:.3g} runs of them a day",
                hash=learned.hash,
            )
        return is_new

    def _samples(self, part: Part) -> dict[str, Samples]:
        """Read the channels of a subsystem and of its rules, those of the present cadence."""
        metrics = metrics_by_channel(self._mission)
        subsystem = self._mission.subsystems[part.subsystem]
        named = {*subsystem.features, *(rule.channel for rule in subsystem.limits)}
        wanted = {
            name: metrics[part.subsystem, name]
            for name in subsystem.channels
            if name in named and (part.subsystem, name) in metrics
        }
        if not wanted:
            return {}
        found = self._telemetry.newest(
            part.satellite_id,
            wanted,
            until_ms=part.generated_us // 1000,
            interval_s=part.interval_s or UNKNOWN_INTERVAL_S,
        )
        on_change = on_change_channels(subsystem)
        return present_cadence(held_samples(found, on_change, self._mission.window))

    def _learned(self, part: Part, samples: Mapping[str, Samples]) -> Learned:
        if not any(name in samples for name in self._mission.subsystems[part.subsystem].features):
            raise NotLearned(
                "not_stored",
                "no series of its channels is stored: list them under `metrics` in the mission file",
            )
        first_us = min(int(one.times_us[0]) for one in samples.values())
        last_us = max(int(one.times_us[-1]) for one in samples.values())
        marks = self._calibrations.marks(part, first_us, last_us)
        return learned_from(samples, marks, part.subsystem, mission=self._mission, infer=self._infer)


def learned_from(
    samples: Mapping[str, Samples],
    marks: Marks,
    name: str,
    *,
    mission: Mission,
    infer: Infer,
) -> Learned:
    """Fit constants to a subsystem's samples, leaving out what limits, alerts and people mark.

    Args:
        samples: Of the channels that the model sees, and of those that only rules read.
        marks: What alerts rest on, and what people called nominal or anomalous.
        name: Of the subsystem.
        mission: With its channels and limits.
        infer: Calls the mission's model.

    Raises:
        NotLearned: With the reason.
    """
    subsystem = mission.subsystems[name]
    whole = History.of_samples(samples, mission.window)
    limits = marked_by_limits(dict(zip(whole.channels, whole.values, strict=True)), subsystem)
    judged = whole.of_channels([channel for channel in subsystem.features if channel in samples])
    judged = with_valid_values(judged, mission, name)
    return learn(
        judged.marked(limits, marks),
        Subject(
            subsystem=name,
            intervals_s={channel: one.intervals_s(mission.window) for channel, one in samples.items()},
            detection=subsystem.detection,
            predict=lambda windows: predicted(windows, mission, infer),
        ),
        Events(history=judged, spans_us=marks.events_us),
    )


def present_cadence(samples: Mapping[str, Samples]) -> dict[str, Samples]:
    """Keep, of channels with more than one sample, those sampled as often as the newest ones."""
    return {name: one.of_present_cadence() for name, one in samples.items() if one.times_us.size > 1}


def with_valid_values(history: History, mission: Mission, subsystem: str) -> History:
    """Treat values outside a channel's valid range as missing, as the worker does."""
    detection = mission.subsystems[subsystem].detection
    values: Numbers = history.values[np.newaxis]
    valid = without_invalid_values(values, history.channels, detection)
    return history.with_values(valid[0].astype(np.float64))


def predicted(windows: Numbers, mission: Mission, infer: Infer) -> Windows:
    """The mission's model on float[window, channel, time], in its own units where it needs them."""
    units = ModelUnits.where_needed(windows)
    rows = units.to_model(windows).reshape(-1, windows.shape[2])
    answer = infer(mission.model.name, mission.model.version, rows)
    return Windows.build(
        windows,
        units.from_model(answer.step_mean.reshape(windows.shape)),
        answer.step_std.reshape(windows.shape) * units.scale,
    )


def usual_interval_s(samples: Mapping[str, Samples], limits: Window) -> float | None:
    """Sampling interval of the channel with the most samples."""
    if not samples:
        return None
    most = max(samples.values(), key=lambda one: one.times_us.size)
    return most.intervals_s(limits)[0]


def next_look_s(samples: int, interval_s: float | None, reason: str) -> float:
    """Tell in how many seconds another look is worth while."""
    if interval_s is None:
        return LATEST_S
    if reason == "too_few_samples":
        missing = needed_samples(interval_s) - samples
        return min(max(missing * interval_s * RETRY_SHARE, SOONEST_S), LATEST_S)
    return min(max(samples * interval_s * RETRY_SHARE, SOONEST_S), LATEST_RETRY_S)


def learner_of(settings: Settings, pool: Pool, infer: Infer) -> Learner:
    """Put a learner together; raises `InvalidMission`."""
    limits = LimitsInForce(load_mission(settings.mission_file), pool)

    def limits_of_now() -> Limits:
        limits.keep_up()
        return limits.limits

    return Learner(
        Calibrations(pool),
        StoredTelemetry(settings.victoria_metrics_url),
        infer,
        limits_of_now,
    )


def main() -> None:
    """Take one turn by hand."""
    parser = argparse.ArgumentParser(prog="python -m analysis_server.learner", description=__doc__)
    parser.add_argument("satellites", nargs="*", metavar="SATELLITE", help="look at these, due or not")
    options = parser.parse_args()
    configure_logging(SERVICE)
    settings = Settings()
    pool = open_pool(as_service(settings, "analysis-server"), max_connections=1, application_name=SERVICE)
    learner = learner_of(settings, pool, TritonClient(settings.triton_server_url).infer)
    learned = learner.turn(options.satellites or None)
    print(f"{learned} subsystems learned")  # noqa: T201


if __name__ == "__main__":
    main()
