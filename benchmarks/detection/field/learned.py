"""Constants of suite field that the platform learns itself, from what it would have stored of a fleet.

It looks when a channel has 2,000 samples of three orbits, and where it refuses, again with a tenth more, up
to HISTORY_SHARE times as many: the product goes on to MOST_SAMPLES, which takes hours to simulate.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

import numpy as np

from analysis_server.learner import RETRY_SHARE, learned_from, present_cadence
from benchmarks.detection.field.telemetry import Fleet, Packets, Track
from recordings.preview import ModelFile
from scoring.calibration import Calibration, parse_calibration
from scoring.fitting.history import Marks, Samples
from scoring.fitting.learning import MOST_SAMPLES, needed_samples
from scoring.fitting.outcome import Learned, NotLearned
from telemetry_core.contract.mission import Mission
from training.data.nominal import SATELLITES

HISTORY_SHARE: Final = 2.5

Key = tuple[int, str]
"""Place of a satellite in its fleet, and subsystem."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lessons:
    """What became of the looks at a fleet's satellites."""

    learned: Mapping[Key, Learned]
    refused: Mapping[Key, str]
    """Reason of the last look."""

    def calibrations(self) -> dict[Key, Calibration]:
        """The constants as a worker reads them."""
        return {key: parse_calibration(one.document, one.hash) for key, one in self.learned.items()}

    def document(self) -> dict[str, Any]:
        """By subsystem, how many satellites have constants, of how many samples, and why others have none."""
        return {
            name: self._of_subsystem(name)
            for name in sorted({name for _, name in {**self.learned, **self.refused}})
        }

    def _of_subsystem(self, subsystem: str) -> dict[str, Any]:
        samples = [one.samples for (_, name), one in self.learned.items() if name == subsystem]
        reasons = Counter(reason for (_, name), reason in self.refused.items() if name == subsystem)
        return {
            "learned": len(samples),
            "samples_median": median(samples) if samples else None,
            "refused": dict(sorted(reasons.items())),
        }


def history_steps(packets: Packets, interval_s: float) -> int:
    """Steps in which each channel is stored as often as is looked at; by turns it comes every second one."""
    every = 2 if packets is Packets.TURNS else 1
    return every * most_samples(every * interval_s)


def most_samples(interval_s: float) -> int:
    """How many samples of a channel are looked at."""
    return min(MOST_SAMPLES, round(HISTORY_SHARE * needed_samples(interval_s)))


def lessons_of(
    history: Fleet, packets: Packets, subsystems: Sequence[str], mission: Mission, model: ModelFile
) -> Lessons:
    """Let every satellite of a fleet learn some subsystems."""
    learned: dict[Key, Learned] = {}
    refused: dict[Key, str] = {}
    for satellite in range(SATELLITES):
        for subsystem in subsystems:
            tracks = list(history.tracks(satellite, str(satellite), packets, [subsystem]))
            found = first_learned(tracks, subsystem, mission, model)
            if isinstance(found, Learned):
                learned[satellite, subsystem] = found
            else:
                refused[satellite, subsystem] = found.reason
    return Lessons(learned=learned, refused=refused)


def first_learned(
    tracks: Sequence[Track], subsystem: str, mission: Mission, model: ModelFile
) -> Learned | NotLearned:
    """Look at more and more of the newest samples, until they are learned from or no more are read."""
    interval_s = tracks[0].interval_us / 1e6
    for count in looks(needed_samples(interval_s), most_samples(interval_s)):
        samples = present_cadence({track.channel: newest(track, count) for track in tracks})
        try:
            return learned_from(samples, Marks(), subsystem, mission=mission, infer=model.infer)
        except NotLearned as why:
            refusal = why
    return refusal


def looks(first: int, most: int) -> Iterator[int]:
    """How many samples of a channel are stored at each look."""
    count = float(min(first, most))
    while count <= most:
        yield round(count)
        count *= 1 + RETRY_SHARE


def newest(track: Track, count: int) -> Samples:
    """The last samples of a channel as they are stored."""
    is_stored = np.isfinite(track.values)
    return Samples(times_us=track.times_us[is_stored][-count:], values=track.values[is_stored][-count:])
