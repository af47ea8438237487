"""Alerts of a satellite as a whole: it fell silent, or its on-board clock is wrong."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from operation_server.alerts import QUERIES
from operation_server.alerts.episodes import Episode, Sign, rules_of, signs_of
from operation_server.telemetry.series import milliseconds_of
from telemetry_core.contract.messages import CLOCK_PATIENCE, CONFLICTING_DUPLICATE, TIMESTAMP, generated_ms_of
from telemetry_core.contract.mission import SATELLITE, Mission
from telemetry_core.contract.values import Refusal
from telemetry_core.postgres.database import Connection
from telemetry_core.postgres.store import Row, select

NO_DATA: Final = Sign(subsystem=SATELLITE, reason="no_data")
CLOCK_JUMPED_BACK: Final = Sign(subsystem=SATELLITE, reason="clock_jumped_back")
CLOCK_JUMPED_AHEAD: Final = Sign(subsystem=SATELLITE, reason="clock_jumped_ahead")
CLOCK_SIGNS: Final = (CLOCK_JUMPED_BACK, CLOCK_JUMPED_AHEAD)
SIGNS: Final = (NO_DATA, *CLOCK_SIGNS)
_REFUSED_CLOCKS: Final = {
    Refusal.TIME_TOO_EARLY.value: CLOCK_JUMPED_BACK,
    Refusal.TIME_AHEAD.value: CLOCK_JUMPED_AHEAD,
    CONFLICTING_DUPLICATE: CLOCK_JUMPED_BACK,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What samples of a wrong clock tell of it, or of a limit that they break; times are the platform's."""

    sign: Sign
    #: Seconds that the clock lies behind, negative where it is ahead; or what breaks the limit, if known.
    value: float | None
    first_ms: int
    last_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """When a satellite was last heard; times are ms since 1970 UTC."""

    satellite_id: str
    #: Generation time of the newest live sample set that was judged.
    live_ms: int | None = None
    is_replayed: bool = False
    #: Between its samples, as that job's windows tell; 0 = unknown.
    interval_s: float = 0.0
    #: From the oldest on.
    told: Sequence[Told] = ()

    def told_lately(self, now: datetime) -> list[Told]:
        """Return what samples of a wrong clock tell now, once for each sign."""
        since_ms = milliseconds_of(now - CLOCK_PATIENCE)
        return list({item.sign: item for item in self.told if item.last_ms >= since_ms}.values())

    def clock_behind_s(self, now: datetime) -> float | None:
        """Return how far the clock lies behind, negative where it is ahead; None while it is right."""
        found = [item for item in self.told_lately(now) if item.sign in CLOCK_SIGNS]
        return max(found, key=lambda item: item.last_ms).value if found else None


def read_heard(connection: Connection, mission: Mission, names: Sequence[str]) -> list[Heard]:
    """Return how some satellites were heard, and all whose messages are refused for their time."""
    judged = select(connection, QUERIES["satellites_heard"], {"satellites": list(names)})
    return heard_of(mission, judged, select(connection, QUERIES["wrong_clocks"], {}))


def heard_of(mission: Mission, judged: Sequence[Row], refused: Sequence[Row]) -> list[Heard]:
    """Put together what jobs tell and what messages that were refused for their time do."""
    signs = signs_of(mission)
    told: dict[str, list[Told]] = defaultdict(list)
    for row in judged:
        told[row["satellite_id"]] += _told_by_jobs(mission, row)
    for row in refused:
        item = _told_by_refusals(row)
        if item.sign in signs or item.sign in CLOCK_SIGNS:
            told[row["satellite_id"]].append(item)
    live = {row["satellite_id"]: row for row in judged if row["job_id"]}
    return [
        Heard(
            satellite_id=name,
            live_ms=generated_ms_of(live[name]["job_id"]) if name in live else None,
            is_replayed=name in live and bool(live[name]["is_replayed"]),
            interval_s=(live[name]["interval_s"] or 0.0) if name in live else 0.0,
            told=sorted(items, key=lambda item: item.last_ms),
        )
        for name, items in told.items()
    ]


def conditions(
    mission: Mission, heard: Sequence[Heard], contacts: Mapping[str, datetime], now: datetime
) -> list[Episode]:
    """Return the open alerts of satellites as a whole, and the limits broken under a wrong clock."""
    found: list[Episode] = []
    for satellite in heard:
        told = satellite.told_lately(now)
        found += [_told_episode(satellite, item) for item in told]
        if not told:
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
    if milliseconds_of(now) - last_ms <= mission.window.gap_s(heard.interval_s) * 1000:
        return []
    return [_episode(heard, NO_DATA, heard.live_ms, last_ms)]


def _told_episode(heard: Heard, told: Told) -> Episode:
    return _episode(heard, told.sign, told.first_ms, told.last_ms, told.value)


def _episode(heard: Heard, sign: Sign, started_ms: int, last_ms: int, value: float | None = None) -> Episode:
    return Episode(
        satellite_id=heard.satellite_id,
        sign=sign,
        is_open=True,
        started_ms=started_ms,
        last_ms=last_ms,
        value=value,
    )


def _told_by_jobs(mission: Mission, row: Mapping[str, Any]) -> Iterator[Told]:
    """Yield what the jobs tell that followed the newest live one, from a clock that is far behind."""
    spans: Mapping[str, tuple[int, int]] = row["behind_ms"] or {}
    if not spans:
        return
    first_ms, last_ms = min(first for first, _ in spans.values()), max(last for _, last in spans.values())
    yield Told(sign=CLOCK_JUMPED_BACK, value=row["behind_s"], first_ms=first_ms, last_ms=last_ms)
    for subsystem, rule in rules_of(mission):
        if rule.reason in spans:
            first_ms, last_ms = spans[rule.reason]
            sign = Sign(subsystem=subsystem, reason=rule.reason)
            yield Told(sign=sign, value=None, first_ms=first_ms, last_ms=last_ms)


def _told_by_refusals(row: Mapping[str, Any]) -> Told:
    sign = Sign(subsystem=row["subsystem"], reason=row["reason"])
    if row["subsystem"] == TIMESTAMP:
        sign = _REFUSED_CLOCKS.get(row["reason"], sign)
    return Told(sign=sign, value=row["value"], first_ms=row["first_ms"], last_ms=row["last_ms"])


def newest_contacts(contacts: Mapping[tuple[str, str], datetime]) -> dict[str, datetime]:
    """Reduce the last contacts of parts to those of their satellites."""
    newest: dict[str, datetime] = {}
    for (satellite, _), contact in contacts.items():
        newest[satellite] = max(contact, newest.get(satellite, datetime.min.replace(tzinfo=UTC)))
    return newest
