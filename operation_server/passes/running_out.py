"""When a contact plan is over without another one that follows: pure."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median
from typing import Final

Contact = tuple[datetime, datetime]
"""Begin and end of a pass."""

NEWEST: Final = 20
"""Passes of a plan that tell how far they usually lie apart."""


def has_run_out(passes: Iterable[Contact], covered_until: datetime, now: datetime) -> bool:
    """Tell whether a plan that says nothing of now is missed: the next contact would have come by now.

    `passes` are its newest ones. Where they are too few to tell, it is missed at its end.
    """
    contacts = joined(passes)
    pauses_s = [(later - earlier).total_seconds() for (earlier, _), (later, _) in pairwise(contacts)]
    usual = timedelta(seconds=median(pauses_s) if pauses_s else 0)
    last_end = contacts[-1][1] if contacts else covered_until
    return covered_until < now and now - last_end > usual


def joined(passes: Iterable[Contact]) -> list[Contact]:
    """Make one contact of passes that overlap, over several ground stations, in the order of time."""
    contacts: list[Contact] = []
    for begin, end in sorted(passes):
        if contacts and begin <= contacts[-1][1]:
            contacts[-1] = (contacts[-1][0], max(contacts[-1][1], end))
        else:
            contacts.append((begin, end))
    return contacts
