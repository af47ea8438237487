"""Recordings in the format of the NASA set, read from any directory; labels are read apart from telemetry.

`<channel>.npz` holds `train` and `test`, float[time, column], column 0 = telemetry. `labels.csv` holds
chan_id and anomaly_sequences, a list of [start, end] in test samples, both inclusive, and perhaps spacecraft.
"""

import ast
import csv
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Interval = tuple[int, int]
Intervals = dict[str, list[Interval]]
"""By channel; first and last sample of the test array, inclusive."""

LABELS = "labels.csv"
PUBLISHED_RUN = "telemanom_2018_run.csv"
TSB_SERIES = "tsb_ad_series.csv"
SUBFOLDER = "nasa_smap_msl"


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """Telemetry of one channel."""

    channel: str
    train: Floats
    test: Floats

    @property
    def telemetry(self) -> Floats:
        """Training samples, then test samples, float64[time]."""
        return np.concatenate([self.train, self.test])

    def cut(self, test_samples: int) -> "Recording":
        """The same with only the first test samples."""
        return Recording(channel=self.channel, train=self.train, test=self.test[:test_samples])


@dataclass(frozen=True, slots=True, kw_only=True)
class TsbSeries:
    """What TSB-AD-U evaluates: the telemetry of a test array."""

    channel: str
    train_length: int
    vus_window: int
    published: dict[str, float]
    """VUS-PR by detector."""


def find_directory(data: Path) -> Path | None:
    """Return the folder with labels: `data` itself or its subfolder; None if there is none."""
    return next((path for path in (data, data / SUBFOLDER) if (path / LABELS).is_file()), None)


def load_recordings(directory: Path) -> list[Recording]:
    """Read the telemetry of every channel, by name."""
    return [load_recording(path) for path in sorted(directory.glob("*.npz"))]


def load_recording(path: Path) -> Recording:
    with np.load(path) as arrays:
        train, test = (arrays[name][:, 0].astype(np.float64) for name in ("train", "test"))
    return Recording(channel=path.stem, train=train, test=test)


def load_labels(directory: Path) -> Intervals:
    """Read the true events; a channel may stand in several rows."""
    labels: Intervals = {}
    for row in rows(directory / LABELS):
        events = [(int(start), int(end)) for start, end in ast.literal_eval(row["anomaly_sequences"])]
        labels.setdefault(row["chan_id"], []).extend(events)
    return labels


def load_spacecraft(directory: Path) -> dict[str, str]:
    """Read which spacecraft each channel is of; all are of one where the file does not say."""
    return {row["chan_id"]: row.get("spacecraft") or "" for row in rows(directory / LABELS)}


def load_published_run(directory: Path) -> Intervals | None:
    """Read the detected intervals of Telemanom's published run, or None where the folder has no such file."""
    path = directory / PUBLISHED_RUN
    if not path.is_file():
        return None
    detected: Intervals = {}
    for row in rows(path):
        for column in ("tp_sequences", "fp_sequences"):
            found = [(int(start), int(end)) for start, end in ast.literal_eval(row[column] or "[]")]
            detected.setdefault(row["chan_id"], []).extend(found)
    return detected


def load_tsb_series(directory: Path) -> list[TsbSeries]:
    return [
        TsbSeries(
            channel=row["chan_id"],
            train_length=int(row["train_length"]),
            vus_window=int(float(row["vus_window"])),
            published={
                name.removeprefix("published_vus_pr "): float(value)
                for name, value in row.items()
                if name.startswith("published_vus_pr ") and value
            },
        )
        for row in rows(directory / TSB_SERIES)
    ]


def rows(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))
