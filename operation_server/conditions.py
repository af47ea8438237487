"""Alerts of a satellite as a whole: it fell silent, or its on-board clock jumped back."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from operation_server.episodes import Episode, Sign, generated_ms, rules_of
from operation_server.series import milliseconds_of
from telemetry_core.database import Connection
from telemetry_core.store import rows
from telemetry_core.subsystems import Mission

SATELLITE: Final = "satellite"
"""Stands for a subsystem in alerts that are about none."""
NO_DATA: Final = Sign(subsystem=SATELLITE, reason="no_data")
CLOCK_JUMPED_BACK: Final = Sign(subsystem=SATELLITE, reason="clock_jumped_back")
SIGNS: Final = (NO_DATA, CLOCK_JUMPED_BACK)
CLOCK_PATIENCE: Final = timedelta(minutes=5)
"""A clock that is far behind is known from judged samples, which may be seldom."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """What jobs tell of how a satellite was heard; times are ms since 1970 UTC."""

    satellite_id: str
    #: Generation time of the newest live sample set that was judged.
    live_ms: int | None
    is_replayed: bool
    #: How far the on-board clock lies behind, where only such samples followed the live ones.
    behind_s: float | None = None
    #: Reason to dispatch time of the first and the last such job.
    behind_ms: Mapping[str, tuple[int, int]] = field(default_factory=dict)

    def is_behind(self, now: datetime) -> bool:
        """Tell whether samples of a clock that is far behind are what arrives now."""
        newest_ms = max((last for _, last in self.behind_ms.values()), default=0)
        return newest_ms >= milliseconds_of(now - CLOCK_PATIENCE)


def read_heard(connection: Connection, names: Sequence[str]) -> list[Heard]:
    """Return what jobs tell of some satellites."""
    return [_heard(row) for row in rows(connection, "satellites_heard", {"satellites": list(names)})]


def conditions(
    mission: Mission, heard: Sequence[Heard], contacts: Mapping[str, datetime], now: datetime
) -> list[Episode]:
    """Return the open alerts of satellites as a whole, and the limits broken under a wrong clock."""
    found: list[Episode] = []
    for satellite in heard:
        if satellite.is_behind(now):
            found += _clock_alerts(mission, satellite)
        else:
            found += _silence(mission, satellite, contacts.get(satellite.satellite_id), now)
    return found


def _silence(mission: Mission, heard: Heard, contact: datetime | None, now: datetime) -> list[Episode]:
    """Return the alert of a satellite that was live and fell silent.

    What is replayed is over when it ends. Without a known contact, VictoriaMetrics may be away. The
    start hangs on live samples alone, so that a stored dump does not move it.
    """
    if heard.live_ms is None or heard.is_replayed or contact is None:
        return []
    last_ms = max(heard.live_ms, milliseconds_of(contact))
    if milliseconds_of(now) - last_ms <= mission.window.max_gap_s * 1000:
        return []
    return [_episode(heard, NO_DATA, heard.live_ms, last_ms)]


def _clock_alerts(mission: Mission, heard: Heard) -> Iterator[Episode]:
    spans = heard.behind_ms.values()
    yield _episode(heard, CLOCK_JUMPED_BACK, min(first for first, _ in spans), max(last for _, last in spans))
    for subsystem, rule in rules_of(mission):
        if rule.reason in heard.behind_ms:
            sign = Sign(subsystem=subsystem, reason=rule.reason)
            yield _episode(heard, sign, *heard.behind_ms[rule.reason])


def _episode(heard: Heard, sign: Sign, started_ms: int, last_ms: int) -> Episode:
    return Episode(
        satellite_id=heard.satellite_id, sign=sign, is_open=True, started_ms=started_ms, last_ms=last_ms
    )


def _heard(row: Mapping[str, Any]) -> Heard:
    return Heard(
        satellite_id=row["satellite_id"],
        live_ms=generated_ms(row["job_id"]) if row["job_id"] else None,
        is_replayed=bool(row["is_replayed"]),
        behind_s=row["behind_s"],
        behind_ms={reason: (first, last) for reason, (first, last) in (row["behind_ms"] or {}).items()},
    )


def newest_contacts(contacts: Mapping[tuple[str, str], datetime]) -> dict[str, datetime]:
    """Reduce the last contacts of parts to those of their satellites."""
    newest: dict[str, datetime] = {}
    for (satellite, _), contact in contacts.items():
        newest[satellite] = max(contact, newest.get(satellite, datetime.min.replace(tzinfo=UTC)))
    return newest
