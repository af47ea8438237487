"""When a satellite is to be heard by its contact plan: pure. All times are microseconds since 1970 UTC."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

HORIZON_US: Final = 120_000_000
"""So long at most a satellite takes to rise above what hides it, and is lost before it sets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A pass, or several that overlap: when somebody should hear the satellite."""

    start_us: int
    end_us: int
    #: When a plan first had it.
    planned_us: int
    ground_stations: tuple[str, ...]

    @property
    def margin_us(self) -> int:
        """Of a short pass a quarter."""
        return min(HORIZON_US, (self.end_us - self.start_us) // 4)

    def due_us(self, *, heard_us: int, gap_us: int, since_us: int) -> int | None:
        """Return when the satellite is silent in this pass, if nothing more is received; None: it isn't.

        Last heard at `heard_us`, it may pause for `gap_us`; all telemetry is heard since `since_us`. One that
        was not heard in the pass at all is due at its end at the latest, if it was listened to all through.
        """
        if heard_us >= self.end_us or self.planned_us > self.end_us:
            return None
        if heard_us >= self.start_us:
            due_us = max(heard_us, since_us) + gap_us
            return due_us if due_us <= self.end_us - self.margin_us else None
        acquired_us = self.start_us + max(self.margin_us, gap_us)
        if since_us <= self.start_us:
            return min(acquired_us, self.end_us)
        due_us = max(acquired_us, since_us + gap_us)
        return due_us if due_us <= self.end_us else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactPlan:
    """What is planned of a satellite about now."""

    #: Begins and ends of the spans of time of which the plan tells all passes.
    covered_us: tuple[tuple[int, int], ...] = ()
    #: In their order; none overlaps another.
    windows: tuple[Window, ...] = ()

    def covers(self, at_us: int) -> bool:
        """Tell whether the satellite is to be heard in its passes alone."""
        return any(start_us <= at_us < end_us for start_us, end_us in self._spans)

    def expects(self, at_us: int) -> bool:
        """Tell whether the satellite is to be heard: in a pass, or where nothing is planned."""
        return any(window.start_us <= at_us < window.end_us for window in self.windows) or not self.covers(
            at_us
        )

    def joins(self, start_us: int, end_us: int) -> bool:
        """Tell whether all of a pause is in one pass, or unplanned: then it is the satellite's own."""
        if any(window.start_us <= start_us and end_us <= window.end_us for window in self.windows):
            return True
        return not any(begin_us < end_us and start_us < until_us for begin_us, until_us in self._spans)

    def ended_us(self, at_us: int) -> int:
        """Return when the plan last ended before a time that it does not cover; 0: not lately."""
        return max((end_us for _, end_us in self._spans if end_us <= at_us), default=0)

    def since(self, at_us: int) -> "ContactPlan":
        """Return the plan without the passes that began before a time."""
        return replace(self, windows=tuple(one for one in self.windows if one.start_us >= at_us))

    @property
    def _spans(self) -> list[tuple[int, int]]:
        return [*self.covered_us, *((window.start_us, window.end_us) for window in self.windows)]


def merged(passes: Iterable[Window]) -> tuple[Window, ...]:
    """Make one of passes that overlap or touch: which station hears the satellite is not known."""
    found: list[Window] = []
    for one in sorted(passes, key=lambda one: (one.start_us, one.end_us)):
        if found and one.start_us <= found[-1].end_us:
            last = found[-1]
            found[-1] = replace(
                last,
                end_us=max(last.end_us, one.end_us),
                planned_us=min(last.planned_us, one.planned_us),
                ground_stations=tuple(sorted({*last.ground_stations, *one.ground_stations})),
            )
        else:
            found.append(one)
    return tuple(found)
