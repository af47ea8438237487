"""OPSSAT-AD segments as features [segment, feature]; detectors of nominal ones, trees taught by labels."""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from sklearn.ensemble import ExtraTreesClassifier
from sklearn.mixture import GaussianMixture
from sklearn.neighbors import NearestNeighbors

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]
Score = Callable[[Floats], Floats]

FILE = Path("opssat_ad") / "dataset_train.csv"
COUNTS = (
    "duration",
    "len",
    "n_peaks",
    "smooth10_n_peaks",
    "smooth20_n_peaks",
    "diff_peaks",
    "diff2_peaks",
    "gaps_squared",
    "len_weighted",
)
"""Logarithm of 1 + value."""
POWERS = {"var": 1e-14, "diff_var": 1e-16, "diff2_var": 1e-16}
"""Logarithm of value + this; magnetometers in tesla have variances of 1e-10."""
RATIOS = (
    ("diff_var", "var"),
    ("diff2_var", "diff_var"),
    ("gaps_squared", "duration"),
    ("duration", "len"),
    ("len_weighted", "duration"),
    ("n_peaks", "duration"),
    ("diff_peaks", "len"),
    ("diff2_peaks", "len"),
    ("diff2_peaks", "diff_peaks"),
)
"""Differences of logarithms: what lengths and amplitudes leave over."""
LARGEST_STANDARDISED = 12.0
PRIOR_SEGMENTS = 5
"""A channel's mean and variance lean on those of all channels by so many segments."""
PRIOR_VARIANCE_SHARE = 0.3
MIXTURE_COMPONENTS = 8
TREES = 200
SWAPPED_COPIES = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Segments:
    """The data set; first axis = segment."""

    number: Integers
    features: Floats
    """float64[segment, feature], see `transformed`."""
    channel: Integers
    """Index into `channels`."""
    channels: tuple[str, ...]
    is_anomalous: Flags


def read_segments(data: Path) -> Segments:
    """Read DIR's segments; raises `FileNotFoundError` where there are none."""
    with (data / FILE).open(newline="", encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    channels = tuple(sorted({row["channel"] for row in rows}))
    return Segments(
        number=np.array([int(row["segment"]) for row in rows]),
        features=transformed({name: np.array([float(row[name]) for row in rows]) for name in _columns()}),
        channel=np.array([channels.index(row["channel"]) for row in rows]),
        channels=channels,
        is_anomalous=np.array([row["anomaly"] == "1" for row in rows]),
    )


def _columns() -> list[str]:
    return [*COUNTS, *POWERS, "mean", "kurtosis", "skew"]


def transformed(columns: dict[str, Floats]) -> Floats:
    """Logarithms of counts, variances and their ratios; the mean as it is; kurtosis and skew by asinh.

    From float64[segment] by column to float64[segment, feature].
    """
    logarithm = {name: np.log(columns[name] + 1) for name in COUNTS}
    logarithm |= {name: np.log(columns[name] + floor) for name, floor in POWERS.items()}
    shape = [columns["mean"], np.arcsinh(columns["kurtosis"]), np.arcsinh(2 * columns["skew"])]
    ratios = [logarithm[one] - logarithm[other] for one, other in RATIOS]
    return np.stack([*logarithm.values(), *shape, *ratios], axis=1)


def standardised(segments: Segments, nominal: Integers) -> Floats:
    """Remove each channel's mean and deviation over `nominal`, shrunk to those of all channels.

    `nominal` is int64[n], places of segments; the answer is float64[segment, feature].
    """
    features, channel = segments.features, segments.channel
    mean, deviation = features[nominal].mean(axis=0), features[nominal].std(axis=0) + 1e-12
    result = np.empty_like(features)
    for index in range(len(segments.channels)):
        known = features[nominal[channel[nominal] == index]]
        weight = len(known) + PRIOR_SEGMENTS
        centre = (known.sum(axis=0) + PRIOR_SEGMENTS * mean) / weight
        prior = PRIOR_SEGMENTS * PRIOR_VARIANCE_SHARE * deviation**2
        variance = (((known - centre) ** 2).sum(axis=0) + prior) / weight
        chosen = channel == index
        result[chosen] = (features[chosen] - centre) / np.sqrt(variance + 1e-12)
    return np.clip(result, -LARGEST_STANDARDISED, LARGEST_STANDARDISED)


def neighbour(rows: Floats, _seed: int) -> Score:
    """Logarithm of the distance to the nearest of float64[segment, feature] (Ramaswamy et al., 2000)."""
    index = NearestNeighbors(n_neighbors=1).fit(rows)
    return lambda other: np.log(index.kneighbors(other)[0][:, 0] + 1e-6)


def mixture(rows: Floats, seed: int) -> Score:
    """Negative log density of a Gaussian mixture, fitted to float64[segment, feature]."""
    components = min(MIXTURE_COMPONENTS, len(rows))
    model = GaussianMixture(components, reg_covar=1e-3, random_state=seed).fit(rows)
    return lambda other: -model.score_samples(other)


def swapped(rows: Floats, seed: int) -> Score:
    """Probability of being a nominal segment in which half the features were swapped with others'.

    `rows` is float64[segment, feature]. Density by classification: Hastie, Tibshirani, Friedman, The Elements
    of Statistical Learning, 14.2.4.
    """
    rng = np.random.default_rng(seed)
    copies = [_with_swapped_features(rows, rng) for _ in range(SWAPPED_COPIES)]
    trees = ExtraTreesClassifier(TREES, random_state=seed, min_samples_leaf=2, class_weight="balanced")
    is_copy = np.repeat([0, 1], [len(rows), SWAPPED_COPIES * len(rows)])
    trees.fit(np.concatenate([rows, *copies]), is_copy)
    return lambda other: trees.predict_proba(other)[:, 1]


def _with_swapped_features(rows: Floats, rng: np.random.Generator) -> Floats:
    return np.where(rng.random(rows.shape) < 0.5, rng.permuted(rows, axis=0), rows)


def taught_by_labels(rows: Floats, is_anomalous: Flags, seed: int) -> Score:
    """Probability of being anomalous, by extremely randomised trees (Geurts, Ernst, Wehenkel, 2006).

    `rows` is float64[segment, feature]; both classes weigh the same.
    """
    trees = ExtraTreesClassifier(TREES, random_state=seed, min_samples_leaf=2, class_weight="balanced")
    trees.fit(rows, is_anomalous)
    return lambda other: trees.predict_proba(other)[:, 1]


DETECTORS: dict[str, Callable[[Floats, int], Score]] = {
    "neighbour": neighbour,
    "mixture": mixture,
    "swapped": swapped,
}
