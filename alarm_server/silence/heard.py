"""When a satellite, its subsystems and its channels were heard; times are microseconds since 1970 UTC."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from alarm_server.passes.plan import ContactPlan
from alarm_server.readings import Contact
from alarm_server.silence.pauses import Pauses
from alarm_server.sources import WHOLE, Source
from telemetry_core.contract.mission import Window as Gaps

MAX_ROUTES: Final = 64
"""Sets of channels that messages bring, of one satellite, whose way is remembered."""


@dataclass(slots=True, kw_only=True)
class Group:
    """Sources that always came together, and so have one past."""

    sources: frozenset[Source]
    pauses: Pauses


class Heard:
    """What is known of the receptions of one satellite.

    Most messages bring the same channels: so what came together shares its pauses, until it comes apart.
    """

    __slots__ = (
        "_routes",
        "generated_us",
        "groups",
        "is_replayed",
        "received_us",
        "since_us",
        "tracks_saved_us",
    )

    def __init__(
        self, *, generated_us: int, received_us: int, is_replayed: bool, groups: Iterable[Group] = ()
    ) -> None:
        #: Of its newest live sample set.
        self.generated_us = generated_us
        self.received_us = received_us
        self.is_replayed = is_replayed
        self.groups = list(groups)
        #: Since when its silence counts, if something says so.
        self.since_us = 0
        #: When PostgreSQL was told of the groups.
        self.tracks_saved_us = 0
        self._routes: dict[frozenset[Source], list[Pauses]] = {}

    def hear(self, contact: Contact, gaps: Gaps, plan: ContactPlan | None = None) -> None:
        """Take one more sample set; one that is told again changes nothing, a late one moves no time back."""
        at_us = contact.received_us
        self.generated_us = max(contact.generated_us, self.generated_us)
        self.received_us = max(at_us, self.received_us)
        self.is_replayed = contact.is_replayed
        route = self._routes.get(contact.sources)
        for pauses in self._route(contact.sources, at_us) if route is None else route:
            pause_us = at_us - pauses.newest_us
            if pause_us <= 0:
                continue
            if contact.is_replayed or (plan is not None and not plan.joins(pauses.newest_us, at_us)):
                pauses.resume(at_us)
            else:
                pauses.hear(at_us, is_long=is_long(pause_us, pauses, gaps))

    def since(self, at_us: int) -> "Heard":
        """Return it as if something had been received at a time: all may pause from then on."""
        if not at_us:
            return self
        found = Heard(
            generated_us=self.generated_us,
            received_us=max(self.received_us, at_us),
            is_replayed=self.is_replayed,
            groups=self.groups,
        )
        found.since_us = at_us
        return found

    def pauses_of(self, source: Source) -> Pauses | None:
        """Return the past of a source; None: it was never heard."""
        return next((group.pauses for group in self.groups if source in group.sources), None)

    def received_us_of(self, source: Source) -> int:
        """Return when it was last received; 0: never."""
        if source == WHOLE:
            return self.received_us
        pauses = self.pauses_of(source)
        return pauses.newest_us if pauses else 0

    def patience_s(self, gaps: Gaps) -> dict[str, float]:
        """Return how long the satellite (an empty name) and its regular subsystems may pause, in seconds."""
        return {
            subsystem: allowed_us(group.pauses, gaps) / 1_000_000
            for group in self.groups
            for subsystem, channel in sorted(group.sources)
            if not channel and (not subsystem or group.pauses.is_regular)
        }

    def documents(self) -> list[dict[str, Any]]:
        """Make documents of the groups; those whose past is the same again become one."""
        merged: list[Group] = []
        for group in self.groups:
            group.pauses.tidy()
            same = next((one for one in merged if one.pauses == group.pauses), None)
            if same is None:
                merged.append(group)
            else:
                same.sources |= group.sources
        if len(merged) < len(self.groups):
            self.groups = merged
            self._routes.clear()
        return [{"sources": sorted(group.sources), **group.pauses.document} for group in self.groups]

    def _route(self, sources: frozenset[Source], at_us: int) -> list[Pauses]:
        """Find the pasts that a message prolongs, and part what came together until now."""
        found: list[Pauses] = []
        is_lasting = True
        unheard = sources
        for group in list(self.groups):
            common = group.sources & sources
            if not common:
                continue
            unheard -= common
            if group.pauses.newest_us >= at_us:
                is_lasting = False
                continue
            if common != group.sources:
                group = self._parted(group, common)  # noqa: PLW2901 - the part of it that is heard
            found.append(group.pauses)
        if unheard:
            pauses = Pauses(at_us)
            self.groups.append(Group(sources=unheard, pauses=pauses))
            found.append(pauses)
        if is_lasting:
            if len(self._routes) >= MAX_ROUTES:
                self._routes.clear()
            self._routes[sources] = found
        return found

    def _parted(self, group: Group, common: frozenset[Source]) -> Group:
        part = Group(sources=common, pauses=group.pauses.copy())
        group.sources -= common
        self.groups.append(part)
        self._routes.clear()
        return part


def allowed_us(pauses: Pauses, gaps: Gaps) -> int:
    """Return for how long a source may pause before it is silent."""
    return round(gaps.gap_s(pauses.usual_us / 1_000_000) * 1_000_000)


def is_long(pause_us: int, pauses: Pauses, gaps: Gaps) -> bool:
    """Tell whether what belongs to a source needs time to come again: half of what would be its silence."""
    return pause_us > gaps.max_gap_s * 500_000 and 2 * pause_us > allowed_us(pauses, gaps)


def groups_of(documents: Iterable[Mapping[str, Any]], known: Collection[Source]) -> list[Group]:
    """Read groups from the documents that were stored, of the sources that there still are."""
    found = [
        Group(
            sources=frozenset(source for source in map(tuple, document["sources"]) if source in known),
            pauses=Pauses.of(document),
        )
        for document in documents
    ]
    return [group for group in found if group.sources]


def joined(mine: Heard | None, saved: Heard) -> Heard:
    """Return what is newer: another service may have heard the satellite since."""
    return saved if mine is None or saved.received_us > mine.received_us else mine
