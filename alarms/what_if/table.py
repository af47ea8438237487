"""What trials came to, as a command prints it."""

from collections.abc import Mapping
from dataclasses import dataclass

from alarms.performance import ALARMS_PER_HOUR
from alarms.what_if.comparison import Comparison


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Of one trial over all satellites."""

    samples: int
    before: int
    after: int


def counts_of(comparisons: Mapping[str, Comparison]) -> Counts:
    """Count over satellites."""
    found = comparisons.values()
    return Counts(
        samples=sum(one.samples for one in found),
        before=sum(len(one.before) for one in found),
        after=sum(len(one.after) for one in found),
    )


def table(
    counts: Mapping[str, Counts], *, days: float, satellites: int, tried: str = "limits", of: str = "samples"
) -> str:
    """Lay out the alarms of each trial, and those of all beside what one operator can act on."""
    lines = [f"{f'alarms of {days:g} days, {satellites} satellites':44} {of:>11} {'before':>9} {'after':>9}"]
    lines += [f"{name:44} {one.samples:11} {one.before:9} {one.after:9}" for name, one in counts.items()]
    before, after = sum(one.before for one in counts.values()), sum(one.after for one in counts.values())
    lines.append(f"{f'these {tried}, per day':56} {before / days:9.2f} {after / days:9.2f}")
    hours = days * 24
    lines.append(f"{f'these {tried}, per operator and hour':56} {before / hours:9.2f} {after / hours:9.2f}")
    lines.append(
        f"EEMUA 191: at most {ALARMS_PER_HOUR:g} an hour for one operator, alarms of all kinds together"
    )
    return "\n".join(lines)
