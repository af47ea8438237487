"""How long a source of telemetry usually pauses: learned from its receptions. All times are microseconds."""

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from typing import Any, Final, Self

KEPT: Final = 8
"""Newest pauses that are kept of each octave of lengths."""
LEAST_OCTAVE: Final = 14
"""Pauses below 16 ms are one octave: what comes at once is of no length."""
USUAL: Final = ((1, 0.9), (2, 0.5), (3, 0.25), (KEPT, 1 / 16))
"""So many pauses, or longer ones, are usual if they fill that share of the time since the first began."""
BELOW: Final = 3
"""Octaves below the usual pause that tell whether there is one; what is shorter is a burst."""
FORGOTTEN: Final = 256
"""A pause is forgotten after so many times its length: eight of them would fill too little of the time."""
REGULAR_SHARE: Final = 0.95
"""Of the time, in at most two pairs of neighbouring octaves."""

Pause = tuple[int, int]
"""When it ended, and how long it was."""


class Pauses:
    """The newest pauses between receptions of one source, by octaves of their length.

    Packets that come at once, or a dump, are many pauses and little time: so lengths are weighed by the time
    that they fill. Of each octave a few are kept: the fast ones of a mode do not drive out those of another.
    """

    __slots__ = ("_is_regular", "_octaves", "_usual_us", "first_us", "newest_us", "resumed_us")

    def __init__(self, first_us: int) -> None:
        self.first_us = self.newest_us = first_us
        #: The reception after the newest pause that was long, or that says nothing.
        self.resumed_us = first_us
        self._octaves: dict[int, deque[Pause]] = {}
        self._usual_us: int | None = None
        self._is_regular: bool | None = None

    def __eq__(self, other: object) -> bool:
        """Tell whether the same is known."""
        return isinstance(other, Pauses) and self.document == other.document

    __hash__ = None  # type: ignore[assignment]  # it changes

    def hear(self, at_us: int, *, is_long: bool = False) -> None:
        """Take one more reception, newer than all before; after a long pause others need time, too."""
        pause_us = at_us - self.newest_us
        self.newest_us = at_us
        if is_long:
            self.resumed_us = at_us
        octave = pause_us.bit_length()
        try:
            self._octaves[max(octave, LEAST_OCTAVE)].append((at_us, pause_us))
        except KeyError:
            self._octaves[max(octave, LEAST_OCTAVE)] = deque([(at_us, pause_us)], maxlen=KEPT)
        self._usual_us = self._is_regular = None

    def resume(self, at_us: int) -> None:
        """Take a reception after a pause that says nothing: nobody listened."""
        self.newest_us = self.resumed_us = at_us
        self._usual_us = self._is_regular = None

    @property
    def usual_us(self) -> int:
        """The longest pause that is usual; 0 = nothing is known yet."""
        if self._usual_us is None:
            self._usual_us = self._usual()
        return self._usual_us

    @property
    def is_regular(self) -> bool:
        """Tell whether there is a usual pause at all: what is sent on change pauses for any time."""
        if self._is_regular is None:
            self._is_regular = self._has_one_usual_pause()
        return self._is_regular

    def tidy(self) -> None:
        """Drop pauses of so long ago that they fill nothing, so that equal pasts are seen to be equal."""
        for octave, kept in list(self._octaves.items()):
            while kept and self.newest_us - kept[0][0] > FORGOTTEN * kept[0][1]:
                kept.popleft()
            if not kept:
                del self._octaves[octave]

    def copy(self) -> "Pauses":
        """Return another with the same past, for a source that goes its own way from now on."""
        return Pauses.of(self.document)

    @property
    def document(self) -> dict[str, Any]:
        """What PostgreSQL keeps of it."""
        pauses = [pause for octave in sorted(self._octaves) for pause in self._octaves[octave]]
        return {
            "first_us": self.first_us,
            "newest_us": self.newest_us,
            "resumed_us": self.resumed_us,
            "pauses_us": pauses,
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Read it from the document that was stored of it."""
        found = cls(document["first_us"])
        found.newest_us, found.resumed_us = document["newest_us"], document["resumed_us"]
        pauses = ((at_us, length_us) for at_us, length_us in document["pauses_us"])
        for octave, kept in groupby(pauses, lambda pause: max(pause[1].bit_length(), LEAST_OCTAVE)):
            found._octaves[octave] = deque(kept, maxlen=KEPT)
        return found

    def _usual(self) -> int:
        newest: list[Pause] = []
        for octave in sorted(self._octaves, reverse=True):
            newest = sorted([*newest, *self._octaves[octave]], reverse=True)[:KEPT]
            for count, share in USUAL:
                some = newest[:count]
                if len(some) < count or (count == 1 and self._is_long_ago(some[0])):
                    continue
                filled_us = sum(length_us for _, length_us in some)
                if filled_us >= share * (self.newest_us - _begin_of(some[-1])):
                    return _median(length_us for _, length_us in some)
        return 0

    def _is_long_ago(self, pause: Pause) -> bool:
        """Tell whether others came since that are enough to know better: one outage is no usual pause."""
        return sum(other > pause for kept in self._octaves.values() for other in kept) >= KEPT

    def _has_one_usual_pause(self) -> bool:
        usual_octave = max(self.usual_us.bit_length(), LEAST_OCTAVE)
        if sum(len(kept) for octave, kept in self._octaves.items() if octave >= usual_octave - 1) < KEPT:
            return False
        shares = {
            octave: sum(length for _, length in kept) / (self.newest_us - _begin_of(kept[0]))
            for octave, kept in self._octaves.items()
            if octave >= usual_octave - BELOW
        }
        most = max(
            sum(shares.get(octave, 0) for octave in {low, low + 1, high, high + 1})
            for low in shares
            for high in shares
        )
        return most >= REGULAR_SHARE * sum(shares.values())


def _begin_of(pause: Pause) -> int:
    return pause[0] - pause[1]


def _median(lengths_us: Iterable[int]) -> int:
    ascending: Sequence[int] = sorted(lengths_us)
    return ascending[len(ascending) // 2]
