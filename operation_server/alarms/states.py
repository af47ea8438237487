"""From what the database knows of an alarm to its state, and from wanted states back. Pure."""

from collections.abc import Collection
from dataclasses import fields
from typing import Final

from alarms.life_cycle import Facts, State, facts_of, state_of

ALL_CODES: Final = range(2 ** len(fields(Facts)))


def codes_of(states: Collection[State]) -> list[int]:
    """Return all values of the column whose state is one of these."""
    return [code for code in ALL_CODES if state_of(facts_of(code)) in states]


def limit_text(kind: str, limit: float | None, worst_value: float | None) -> str | None:
    """Say which limit a value or a rate broke, as in `above 50`, or what a value was before it changed.

    None where no limit was broken.
    """
    if limit is None or worst_value is None:
        return None
    if kind == "change":
        return f"was {limit:.15g}"
    if worst_value == limit:
        return f"at {limit:.15g}"
    return f"{'above' if worst_value > limit else 'below'} {limit:.15g}"
