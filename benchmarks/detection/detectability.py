"""The page of suite field: `python -m benchmarks.detection.detectability FIELD.json`.

Writes docs/detectability.md from what `--suite field --json FIELD.json` measured; it measures nothing itself.
"""

import argparse
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any, Final

from analysis_server.windows.arguments import DEFAULT_WINDOW_LENGTH
from benchmarks.detection.alarm_service.commits import ONE_IN
from benchmarks.detection.evaluation.report import ALARMS
from benchmarks.detection.field.faults import FAULTS
from benchmarks.detection.field.figures import FOUND, LEARNING, totals_of
from benchmarks.detection.field.learned import HISTORY_SHARE
from benchmarks.detection.field.posted import POSTED_EVERY
from scoring.fitting.learning import MOST_SAMPLES, NEEDED_SAMPLES
from telemetry_core.contract.inferences import ANOMALY_THRESHOLD
from telemetry_core.contract.tasks import MAX_JOBS_PER_BATCH
from training.evaluation.report import table

PAGE: Final = Path(__file__).parents[2] / "docs" / "detectability.md"
COMMAND: Final = 'make bench-detection ARGS="--suite field --json FIELD.json"'
FORMS: Final = "../benchmarks/README.md#detection-telemetry-as-it-may-come"
ALARM_HEAD: Final = (
    "constants, packets", "interval, s", "judged", "anomalous", "per 1,000", "alerts", "satellite-days",
)  # fmt: skip
READ_BACK: Final = f"""With `--through {ALARMS}` added to the command below, the verdicts of a cell, judged
once, are committed to PostgreSQL as workers commit them: {MAX_JOBS_PER_BATCH} a transaction, one transaction
in {ONE_IN} late, another one twice. The alarm service reads them, is killed halfway and started again. What
counts as an alert, and when, is then read from `ops.alarms`, and the run fails unless each alarm has
the times and the number of verdicts that the rule gives it, without any tolerance. So the lines above of
these cells are those of the alarms that operators see. Alarms of broken limits do not count, here or above.
Nothing was chosen on them. [Recorded channels](../training/reports/detection.md) were read back, too."""
READ_BACK_HEAD: Final = (
    "constants", "cells", "verdicts", "alarms", "without a fault", "faults found", "mean share",
    "median delay",
)  # fmt: skip

Cells = Sequence[Mapping[str, Any]]


def page(document: Mapping[str, Any]) -> str:
    """The figures as Markdown."""
    cells, config = document["cells"], document["config"]
    judged = [cell for cell in cells if cell["nominal"]["judged"]]
    return f"""# Which faults are found

Simulated satellites under the default mission: one sample set in ten is judged (the periodic check), a
verdict is anomalous above {ANOMALY_THRESHOLD:g}, and alerts follow the platform's rule
(`scoring/alert_rule.py`). Samples come every {_span(cells)} s, in up to
{len({cell["packets"] for cell in cells})} [forms of packets]({FORMS}).
The rule was not chosen on any of this telemetry.

Constants are *shipped* with the model, or *learned* by each satellite from its own stored telemetry and
applied to what it sends next. *Posted* series have none: {DEFAULT_WINDOW_LENGTH} samples of all channels
of a subsystem, posted every {POSTED_EVERY} samples in a request of their own, are judged [against
themselves](posted-series.md), and each anomalous answer counts as an alert. Clients post whole arrays,
whatever packets the samples came in, so only one form is measured. These requests do not state their
sampling interval: whatever an orbit or a contact changes within {DEFAULT_WINDOW_LENGTH} samples is an
event in such a series, and the longer a series lasts, the more events it contains. A request that states
it (`config.interval_s`) is judged by the shipped constants.

## False alarms

Each line is nominal telemetry of {config["satellites"]} satellites: {config["recordings"]} recordings or,
for learned constants, one as long as these together. At short intervals little time is observed, so the
count says more than the rate.

{_lines(ALARM_HEAD, _alarm_rows(judged))}

{_unjudged(cells)}

## What is learned

How many of {config["satellites"]} satellites learned constants, and from how many samples (median). A
subsystem is examined once {NEEDED_SAMPLES:,} samples of a channel and three orbits are stored, and after
a refusal whenever a tenth more are, up to {HISTORY_SHARE:g} times as many (the product reads up to
{MOST_SAMPLES:,}). A satellite without constants is learning:
its faults do not count in the shares below.

{_learned(cells)}

## Faults

Each kind of fault is injected into every second channel, each in a satellite of its own, after
{config["lead_steps"]} nominal steps: spikes and a step of 8 spans (a span is how far the channel wanders
within an orbit), a drift to 10 spans within two minutes, noise of 1.5 spans, a stuck value, no values, a
fill value. A fault is found if an alert is raised within {config["fault_steps"]} steps (a drift: within
at least 150 s). The table gives the share found and the median delay from the first faulty sample to the
verdict that raises the alert. The API accepts numbers only, so drop-outs are not posted, but fill values
are. The last column is the share of satellites without a fault that had an alert in the same time: that
share is found by chance.

{_lines(("constants, packets", "interval, s", *FAULTS, "no fault"), _fault_rows(judged))}

Not found with every channel in one packet:

{_missed(judged)}

## Read back from the alarm service

{_read_back(cells)}

Made by `python -m benchmarks.detection.detectability FIELD.json` from
`{COMMAND}`.
"""


def _span(cells: Cells) -> str:
    """The sampling intervals of some cells, in seconds."""
    low, high = (f"{pick(cell['interval_s'] for cell in cells):g}" for pick in (min, max))
    return low if low == high else f"{low} to {high}"


def _lines(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    return "\n".join(table(head, rows))


def _name(cell: Mapping[str, Any]) -> tuple[str, str]:
    return f"{cell['constants']}, {cell['packets']}", f"{cell['interval_s']:g}"


def _alarm_rows(cells: Cells) -> Iterator[tuple[str, ...]]:
    for cell in cells:
        nominal = cell["nominal"]
        counts = (str(nominal[name]) for name in ("judged", "anomalous"))
        share = f"{nominal['false_alarms_per_1000']:.1f}"
        yield *_name(cell), *counts, share, str(nominal["alerts"]), f"{nominal['satellite_days']:.2f}"


def _fault_rows(cells: Cells) -> Iterator[tuple[str, ...]]:
    for cell in cells:
        yield *_name(cell), *(_found(cell["faults"][kind]) for kind in FAULTS), _share(cell["without_fault"])


def _found(figures: Mapping[str, Any]) -> str:
    delay_s = figures["delay_median_s"]
    return _share(figures) + ("" if delay_s is None else f", {delay_s:.0f} s")


def _share(figures: Mapping[str, Any]) -> str:
    return "" if figures["found_share"] is None else f"{figures['found_share']:.0%}"


def _unjudged(cells: Cells) -> str:
    """Name what has no verdicts, by the word for why."""
    without = sorted(
        (cell for cell in cells if not cell["nominal"]["judged"]), key=lambda cell: cell["state"]
    )
    sentences = [
        f"{state.capitalize()}, with no verdict to count: " + _named(group) + "."
        for state, group in groupby(without, key=lambda cell: cell["state"])
    ]
    return "\n".join(sentences) or "Every cell that was measured is judged."


def _named(cells: Iterable[Mapping[str, Any]]) -> str:
    return "; ".join(f"{packets} every {interval_s} s" for packets, interval_s in map(_name, cells))


def _learned(cells: Cells) -> str:
    """A line for each cell of learned constants."""
    mine = [cell for cell in cells if cell["constants"] == "learned"]
    if not mine:
        return "None was measured."
    names = list(mine[0]["learned"])
    rows = (
        (cell["packets"], f"{cell['interval_s']:g}", *(_lesson(cell["learned"][name]) for name in names))
        for cell in mine
    )
    return _lines(("packets", "interval, s", *names), rows)


def _lesson(figures: Mapping[str, Any]) -> str:
    """How many satellites have constants of a subsystem; for the others the words of the refusals."""
    refused = [f"{count} {reason.replace('_', ' ')}" for reason, count in figures["refused"].items()]
    known = [f"{figures['learned']} of {figures['samples_median']:g}"] if figures["learned"] else []
    return ", ".join([*known, *refused])


def _missed(cells: Cells) -> str:
    """Name the faults that no alert found, a line for each source of constants."""
    sources = dict.fromkeys(cell["constants"] for cell in cells)
    return "\n".join(
        f"- {source}: {_missed_of([cell for cell in cells if cell['constants'] == source])}."
        for source in sources
    )


def _missed_of(cells: Cells) -> str:
    """Faults that no alert found, by kind and channel, with the intervals."""
    found: dict[str, list[str]] = {}
    for cell in cells:
        if cell["packets"] == "one":
            for kind in FAULTS:
                for channel, result in cell["faults"][kind]["channels"].items():
                    if result not in {FOUND, LEARNING}:
                        found.setdefault(f"{kind} in `{channel}`", []).append(f"{cell['interval_s']:g} s")
    return (
        "; ".join(f"{name} ({', '.join(intervals)})" for name, intervals in sorted(found.items())) or "none"
    )


def _read_back(cells: Cells) -> str:
    """A line for each source of constants of which alarms were read back."""
    mine = [cell for cell in cells if cell["read_back"]]
    if not mine:
        return "No cell was."
    of_source = {
        source: [cell for cell in cells if cell["constants"] == source]
        for source in dict.fromkeys(cell["constants"] for cell in mine)
    }
    rows = _lines(READ_BACK_HEAD, (_kept(*found) for found in of_source.items()))
    return f"{READ_BACK}\n\n{rows}\n\nThese are: {_named(mine)}."


def _kept(source: str, of_source: Cells) -> tuple[str, ...]:
    """What was read back of one source's cells."""
    cells = [cell for cell in of_source if cell["read_back"]]
    nominal, faults = ([cell[name] for cell in cells] for name in ("nominal", "all_faults"))
    totals = totals_of(cells)
    return (
        source,
        f"{len(cells)} of {len(of_source)}",
        *(str(sum(cell["read_back"][name] for cell in cells)) for name in ("verdicts", "alarms")),
        f"{_sum(nominal, 'alerts')} in {_sum(nominal, 'satellite_days'):.1f} satellite-days",
        f"{_sum(faults, 'found')} of {_sum(faults, 'faults')}",
        f"{totals['found_share_mean'] or 0:.3f}",
        f"{totals['delay_median_s'] or 0:.0f} s",
    )


def _sum(figures: Cells, name: str) -> Any:
    return sum(one[name] for one in figures)


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.detection.detectability", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FIELD.json", help="what the suite wrote")
    document = json.loads(parser.parse_args().file.read_text(encoding="utf-8"))
    PAGE.write_text(page(document), encoding="utf-8")


if __name__ == "__main__":
    main()
