"""Recorded telemetry beside the project as plain series, for reports and benchmarks; never trained on."""

from pathlib import Path

import numpy as np

from training.data.families import Series

ATTITUDE = {"labeled_O_Q_FB_FI_EST.csv": (1, 2, 3, 4), "labeled_I_PD_THETA.csv": (1, 2)}
"""Columns of the OPS-SAT exports: quaternion, photodiodes."""


def nasa_series(folder: Path) -> list[Series]:
    """Telemetry column of every channel's two arrays, training then test, float32[time] each."""
    channels = [np.load(path) for path in sorted(folder.glob("*.npz"))]
    return [channel[part][:, 0].astype(np.float32) for channel in channels for part in ("train", "test")]


def attitude_series(folder: Path) -> list[Series]:
    """Quaternion and photodiodes of OPS-SAT, float32[time] each."""
    return [
        column.astype(np.float32)
        for name, columns in ATTITUDE.items()
        for column in np.genfromtxt(folder / name, delimiter=",", skip_header=1, usecols=columns).T
    ]
