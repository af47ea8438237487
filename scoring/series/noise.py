"""Whether a stretch of a series is noisier than the rest.

Arrays are float64[row, time] in time order, one row per channel of a job.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from scoring.measures.masked import lower_median
from scoring.series.filters import Filtered

Floats = npt.NDArray[np.float64]

NOISE_STRETCH: Final = 8
LEAST_TURNS: Final = 0.45
"""Of the fourth differences in a stretch: those of noise change their sign mostly, those of a wave seldom."""
LEAST_FOR_NOISE: Final = 20
NOISE_REACH: Final = 4
"""Fourth differences show a stretch so much longer than it is."""
USUAL_SHARE: Final = 0.9
"""Of the differences in a stretch: single outliers and switches do not count."""
EVEN_SHARE: Final = 0.4
LARGER_SHARE: Final = 0.25


def noise_statistic(answers: list[Filtered], least_scale: Floats) -> Floats:
    """Largest ratio of the usual size in a stretch to the larger ones outside, in every one of some filters.

    float64[row], as `least_scale`. Of all stretches of a quarter, a half and NOISE_REACH more of the places
    in which the last filter's answer turns often.
    """
    places = answers[-1].value.shape[1]
    largest = np.zeros(len(least_scale))
    if places < LEAST_FOR_NOISE - 4:
        return largest
    half = places // 2
    for length in (max(NOISE_STRETCH, places // 4), half, half + NOISE_REACH):
        starts = np.arange(places - length, -1, -(length // 4))[:, None]
        ratios = [noise_ratio(answer, places, starts, length, least_scale) for answer in answers]
        is_low = np.signbit(answers[-1].value)
        turns = (is_low[:, 1:] != is_low[:, :-1])[:, starts + np.arange(length - 1)].mean(axis=2)
        found = np.where(turns >= LEAST_TURNS, np.min(ratios, axis=0), 0.0)
        largest = np.maximum(largest, found.max(axis=1))
    return largest


def evenness(series: Floats) -> Floats:
    """1 where values lie about the median, less where they lie far above or far below it.

    From float64[row, time] to float64[row]. Of waiting times some are much longer than the others.
    """
    middle = lower_median(series)
    above, below = series.max(axis=1) - middle, middle - series.min(axis=1)
    share = np.minimum(above, below) / np.maximum(np.maximum(above, below), np.finfo(np.float64).tiny)
    return np.asarray(np.minimum(share / EVEN_SHARE, 1.0))


def noise_ratio(
    answer: Filtered, places: int, starts: npt.NDArray[np.intp], length: int, least_scale: Floats
) -> Floats:
    """Usual size in each stretch over the larger ones outside it; float64[row, stretch].

    `starts` is intp[stretch, 1], `least_scale` float64[row]. With heavy tails a stretch has larger values by
    chance, but then so has the rest.
    """
    size = np.abs(answer.value[:, -places:])
    inside = starts + np.arange(length)
    outside = np.arange(places - length) + length * (np.arange(places - length) >= starts)
    least = (least_scale * answer.gain)[:, None]
    here = np.sort(size[:, inside], axis=2)[..., : int(np.ceil(USUAL_SHARE * length))].mean(axis=2)
    largest = np.sort(size[:, outside], axis=2)[..., -int(np.ceil(LARGER_SHARE * (places - length))) :]
    there = largest.mean(axis=2) + least
    is_more = here > least
    return np.where(is_more, (here + least) / np.where(is_more, there, 1.0), 0.0)
