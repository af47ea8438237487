"""When a condition that is looked at again and again stands, and when it is over: pure."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Final

ROUNDS: Final = 3
"""So many in a row say otherwise than what stands, before that changes."""

Sign = tuple[str, str]
"""A part and a reason."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A sign that stands from now on, or no longer."""

    sign: Sign
    stands: bool
    #: Microseconds since 1970 UTC: of the first round that said so, and of the one that decided.
    since_us: int
    at_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Otherwise:
    """How many rounds in a row said otherwise than what stands, and when the first did."""

    rounds: int
    since_us: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rounds:
    """What stands, what the last rounds said otherwise, and the turns not stored yet, oldest first."""

    standing: frozenset[Sign] = frozenset()
    otherwise: Mapping[Sign, Otherwise] = field(default_factory=dict)
    turns: tuple[Turn, ...] = ()

    def after(self, seen: Mapping[Sign, bool], at_us: int, *, is_starting: bool = False) -> "Rounds":
        """Return them after one more round, which saw whether each sign holds; one not seen waits.

        While what is looked at is starting, nothing begins to stand; rounds are counted all the same.
        """
        otherwise = {sign: count for sign, count in self.otherwise.items() if sign not in seen}
        turns = []
        for sign, holds in seen.items():
            if holds == (sign in self.standing):
                continue
            before = self.otherwise.get(sign, Otherwise(rounds=0, since_us=at_us))
            if before.rounds + 1 < ROUNDS or (holds and is_starting):
                otherwise[sign] = Otherwise(rounds=before.rounds + 1, since_us=before.since_us)
            else:
                turns.append(Turn(sign=sign, stands=holds, since_us=before.since_us, at_us=at_us))
        return Rounds(
            standing=self.standing ^ {turn.sign for turn in turns},
            otherwise=otherwise,
            turns=(*self.turns, *turns),
        )

    def stored(self, standing: Collection[Sign]) -> "Rounds":
        """Return them once all turns are stored; what stands there counts: others change it, too."""
        changed = self.standing ^ set(standing)
        otherwise = {sign: count for sign, count in self.otherwise.items() if sign not in changed}
        return Rounds(standing=frozenset(standing), otherwise=otherwise)
