"""What the judgement of a series against itself finds, as a page: `python -m training.series_report`.

With `--choosing` it prints the tables of the seeds that may be looked at while something is changed.
"""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from scoring.window_score import score_unknown
from telemetry_core.contract.inferences import ANOMALY_THRESHOLD
from training.data.nominal_series import HEAVY_TAILED, NOMINAL, Make
from training.data.posted_series import (
    CHOOSING,
    FAULTS,
    FAULTY_CARRIERS,
    FITTING,
    NOISE_FACTOR,
    REPORTING,
    SHORTEST,
    STEP_SIZE,
    Example,
    faulty_examples,
    nominal_examples,
)

PAGE = Path(__file__).parents[1] / "docs" / "posted-series.md"
LONGEST = 64
NOMINAL_SERIES = 200
"""Of each kind and seed."""
FAULTY_SERIES = 40
"""Of each fault, carrier and seed."""
SHORT_NOISE = 32
"""Samples; in shorter series a stretch of them leaves few beside it."""


def is_flagged(examples: Sequence[Example]) -> npt.NDArray[np.bool_]:
    """Which series score above the threshold, bool[example]."""
    rows = np.full((len(examples), 1, LONGEST), np.nan)
    for row, example in zip(rows, examples, strict=True):
        row[0, LONGEST - len(example.values) :] = example.values
    scores = score_unknown(rows, np.ones((len(rows), 1), np.bool_), np.zeros(1, np.bool_)).score
    return np.asarray(scores > ANOMALY_THRESHOLD)


def nominal_table(flagged: npt.NDArray[np.bool_], examples: Sequence[Example]) -> str:
    """A row for each nominal carrier; `flagged` is bool[example]."""
    carriers = np.array([example.carrier for example in examples])
    rows = [f"| {name} | {np.sum(flagged[carriers == name])} |" for name in NOMINAL]
    return "\n".join([*rows, f"| all, of {len(examples)} | {flagged.sum()} ({flagged.mean():.2%}) |"])


def faulty_table(flagged: npt.NDArray[np.bool_], examples: Sequence[Example]) -> str:
    """A row for each fault, a column for each carrier; `flagged` is bool[example]."""
    faults = np.array([example.fault for example in examples])
    carriers = np.array([example.carrier for example in examples])
    rows = []
    for fault in FAULTS:
        chosen = faults == fault
        shares = [flagged[chosen & (carriers == carrier)].mean() for carrier in FAULTY_CARRIERS]
        cells = " | ".join(f"{share:.0%}" for share in [*shares, flagged[chosen].mean()])
        rows.append(f"| {fault}, from {SHORTEST.get(fault, 12)} samples on | {cells} |")
    return "\n".join(rows)


def share_of_short_noise(flagged: npt.NDArray[np.bool_], examples: Sequence[Example]) -> float:
    """Share of bool[example] among noisy stretches in series of fewer than SHORT_NOISE samples."""
    is_short = [one.fault == "noise" and len(one.values) < SHORT_NOISE for one in examples]
    return float(flagged[np.array(is_short)].mean())


def heavy_tailed(seeds: Sequence[int]) -> str:
    """How many of each kind without a level of its own are flagged."""
    examples = nominal_of(seeds, HEAVY_TAILED)
    flagged = is_flagged(examples)
    carriers = np.array([example.carrier for example in examples])
    return ", ".join(f"{name} {np.sum(flagged[carriers == name])}" for name in HEAVY_TAILED)


def nominal_of(seeds: Sequence[int], kinds: Mapping[str, Make] = NOMINAL) -> list[Example]:
    """The nominal series of some seeds."""
    return [one for seed in seeds for one in nominal_examples(seed, NOMINAL_SERIES, kinds=kinds)]


def faulty_of(seeds: Sequence[int]) -> list[Example]:
    """The faulty series of some seeds."""
    return [one for seed in seeds for one in faulty_examples(seed, FAULTY_SERIES)]


def page(seeds: Sequence[int]) -> str:
    """The whole page, with the figures of some seeds."""
    nominal, faulty = nominal_of(seeds), faulty_of(seeds)
    flagged = is_flagged(faulty)
    short_noise = share_of_short_noise(flagged, faulty)
    return f"""# A series judged against itself

A posted series, and a posted channel that the calibration does not cover, is judged by its own window. It
is anomalous if its values, its differences, or its means or trends before and after any point contain an
isolated outlier; if a stretch is frozen, missing or noisier than the rest; or if a value is one that
files write for "none" (-9999, 1e30, 65535, ...). No unit, offset or scale is assumed. Not anomalous are
patterns that recur three times in the window (a square wave, a sawtooth), a fall back to the start of a
series that otherwise only grows or pauses (a counter's wrap), and a small lasting change of an otherwise
flat line (one step of its converter). An exponential (cooling, charging) is subtracted first. A series
may rest at its usual value, at zero if that is the edge of its range (eclipse), or at an edge where it
rests repeatedly (a saturated converter). A fill value must differ from all others by five times their
range and by a tenth of their size: 999 beside 998 is a measurement.

Sizes of faults are in robust deviations (1.4826 times the median absolute deviation) of the series'
differences: spikes of 8 to 24; steps of {STEP_SIZE:.0f} to 18 with at least 4 samples after them;
drop-outs of at least 4 samples to zero, to another constant or to no value; fill values, one to three
times; stretches of at least 8 samples that are frozen or have noise of {NOISE_FACTOR:.0f} deviations.
Half of the faults are among the newest samples. Lengths are up to 64, offsets up to 1e6 scales, scales
from 1e-9 to 1e12. Seeds: levels were fitted to {FITTING.start:,} plus each length
(`training/series_levels.py`); shares and limits were chosen by hand on seeds {CHOOSING.start:,} to
{CHOOSING.stop - 1:,} (`--choosing`); the figures are from seeds {seeds[0]:,} to {seeds[-1]:,}, on which
nothing was chosen.

| fault | {" | ".join(FAULTY_CARRIERS)} | all |
| --- | {"--- | " * len(FAULTY_CARRIERS)}--- |
{faulty_table(flagged, faulty)}

{flagged.mean():.1%} of {len(faulty)} faulty series are found. Noise is hardest to find in short series,
where the quiet samples hardly outnumber the noisy ones: {short_noise:.0%} with
{SHORTEST["noise"]} to {SHORT_NOISE - 1} samples. Of {len(nominal) // len(NOMINAL):,} nominal series of
each kind, 10 to 64 samples long, this many are flagged:

| nominal | flagged |
| --- | --- |
{nominal_table(is_flagged(nominal), nominal)}

Not found: smaller faults; faults in shorter series; a frozen stretch that is no longer than the signal's
own pauses (a converter with few steps) or that lies at zero at the edge of its range; faults that recur;
and drifts, because a line that begins to rise may as well be a heater that was switched on (in noise of
deviation 1, a drift of 50 deviations within 32 samples scores below the threshold).

Nominal, but flagged because the values look the same as those of a fault:

- A signal that switches once or twice in the window, enters a mode once or pulses once or twice: a step, a
  drop-out or a spike.
- The longitude of a polar orbit, which passes the pole within about four samples: once in the window, a step.
- Independent samples with heavy tails: a rare one lies as far from the others as a spike. Flagged of
  {NOMINAL_SERIES * len(seeds):,} each: {heavy_tailed(seeds)}.
- A converter that saturates once, at the newest samples and not at zero: a frozen stretch.

Made by `python -m training.series_report`.
"""


def main() -> None:
    """Write the page, or print one to choose by."""
    parser = argparse.ArgumentParser(prog="python -m training.series_report", description=__doc__)
    parser.add_argument("--choosing", action="store_true", help="print the figures of seeds to choose by")
    if parser.parse_args().choosing:
        print(page(CHOOSING[: len(REPORTING)]))
    else:
        PAGE.write_text(page(REPORTING), encoding="utf-8")


if __name__ == "__main__":
    main()
