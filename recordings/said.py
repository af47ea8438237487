"""What people said of a recording's telemetry, at each of its times."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import numpy as np
from numpy.typing import NDArray

from scoring.fitting.history import History, Marks, Samples, marked_by_spans
from telemetry_core.contract.messages import time_of
from telemetry_core.contract.mission import Mission, Window
from telemetry_core.labels import InvalidLabels, Label, read_labels

Bools = NDArray[np.bool_]
Floats = NDArray[np.float64]
Times = NDArray[np.int64]
Recorded = Mapping[str, Mapping[str, Floats]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """An anomaly that was called true, without what is around it."""

    #: On the recording's time axis.
    places: Times
    times_us: Times


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What people called the telemetry of one subsystem, with a few samples before and after it."""

    is_nominal: Bools
    """bool[time]."""
    is_anomalous: Bools
    """bool[time]; it wins where both hold."""
    events: Sequence[Event]

    @classmethod
    def nothing(cls, times: int) -> Self:
        """Nobody said anything."""
        silent = np.zeros(times, np.bool_)
        return cls(is_nominal=silent, is_anomalous=silent, events=())

    @classmethod
    def of(cls, marks: Marks, unix_us: Times, values: Sequence[Floats], limits: Window) -> Self:
        """Lay marks over the times of a recording as learning does over stored telemetry.

        Args:
            marks: What people said.
            unix_us: int64[time], ascending, microseconds since 1970 UTC.
            values: Of each channel float64[time], NaN = missing.
            limits: Of the mission's windows.
        """
        sampled = {
            str(place): Samples(times_us=unix_us[np.isfinite(own)], values=own[np.isfinite(own)])
            for place, own in enumerate(values)
        }
        if not (sampled := {name: one for name, one in sampled.items() if one.times_us.size}):
            return cls.nothing(unix_us.size)
        history = History.of_samples(sampled, limits)
        history = history.marked(np.zeros(history.times_us.size, np.bool_), marks)
        places = np.minimum(np.searchsorted(history.times_us, unix_us), history.times_us.size - 1)
        is_anomalous = history.is_marked[places]
        events = [np.flatnonzero(marked_by_spans(unix_us, [span_us])) for span_us in marks.events_us]
        return cls(
            is_nominal=history.is_confirmed[places] & ~is_anomalous,
            is_anomalous=is_anomalous,
            events=[Event(places=places, times_us=unix_us[places]) for places in events],
        )


def read_said(
    path: Path, mission: Mission, satellite_id: str, unix_us: Times, recorded: Recorded
) -> dict[str, Said]:
    """Read what people said of a recording of a satellite, by subsystem.

    Labels of other satellites, of subsystems that it does not hold and of other times are left out.

    Raises:
        InvalidLabels: The file can't be read, or says nothing of the recording.
    """
    found: dict[str, list[Label]] = {}
    labels = [label for label in read_labels(path) if label.satellite_id == satellite_id]
    for label in labels:
        if label.subsystem not in mission.subsystems:
            known = ", ".join(mission.subsystems)
            told = f"the mission has no {label.subsystem}: write one of {known}"
            raise InvalidLabels(f"{label.place}: column 'subsystem': {told}")
        if label.subsystem in recorded and marked_by_spans(unix_us, [label.span_us]).any():
            found.setdefault(label.subsystem, []).append(label)
    if not found:
        first, last = (time_of(int(at_us)).isoformat() for at_us in (unix_us[0], unix_us[-1]))
        raise InvalidLabels(
            f"{path}: none of its {len(labels)} labels of {satellite_id} is of this recording, {first} to"
            f" {last}: what was said of a replay holds for the recording if it was replayed with --keep-times"
        )
    return {
        subsystem: Said.of(
            Marks.of_labels((label.span_us, label.label, label.kind) for label in mine),
            unix_us,
            list(recorded[subsystem].values()),
            mission.window,
        )
        for subsystem, mine in found.items()
    }
