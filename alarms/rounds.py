"""When a condition that is looked at again and again stands, and when it is over: pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

ROUNDS: Final = 3
"""So many in a row say otherwise than what stands, before that changes."""

Sign = tuple[str, str]
"""A part and a reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """How often in a row the last rounds said otherwise than what stands, by sign."""

    otherwise: Mapping[Sign, int] = field(default_factory=dict)

    def after(self, standing: Collection[Sign], seen: Mapping[Sign, bool]) -> "Rounds":
        """Return them after one more round, which saw whether each sign holds; one not seen waits."""
        differing = {sign for sign, holds in seen.items() if holds != (sign in standing)}
        waiting = {sign: count for sign, count in self.otherwise.items() if sign not in seen}
        counted = {sign: self.otherwise.get(sign, 0) + 1 for sign in differing}
        return Rounds(otherwise=waiting | counted)

    @property
    def turned(self) -> set[Sign]:
        """Return the signs that have been otherwise for long enough."""
        return {sign for sign, count in self.otherwise.items() if count >= ROUNDS}
