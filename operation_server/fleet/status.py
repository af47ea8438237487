"""The fleet at a glance: read at most once a second for all clients."""

import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import structlog

from operation_server.alerts.anomalies import anomalies_behind_s
from operation_server.alerts.breaches import Breaches
from operation_server.alerts.conditions import conditions, newest_contacts, read_heard
from operation_server.alerts.episodes import Episode, signs_of
from operation_server.alerts.store import (
    acknowledgements,
    open_episodes,
    satellites,
    unjudged_episodes,
)
from operation_server.fleet import QUERIES
from operation_server.fleet.learning import rarely_sampled, read_progress, with_progress
from operation_server.http.responses import State
from operation_server.telemetry.victoria import VictoriaMetrics, until_newest
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.contract.mission import SATELLITE, Mission, metrics_by_channel
from telemetry_core.postgres.database import Pool, transaction
from telemetry_core.postgres.store import Row, select

CACHE_S: Final = 1.0
PATIENCE_S: Final = 1.5
"""Of a client that waits for another one's reading of the fleet."""
OLDER_CONTACTS_S: Final = 60.0
"""Contacts beyond the newest minutes are asked for so seldom: they do not change."""
RECENT_S: Final = 300.0
LONG_AGO_S: Final = 30 * 86_400.0

WORST_FIRST: Final[tuple[State, ...]] = ("critical", "serious", "caution", "off", "standby", "normal")

Part = tuple[str, str]
"""Satellite and subsystem."""

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PartFacts:
    """What is known of one subsystem of a satellite."""

    last_contact: datetime | None
    is_stale: bool
    verdict: str | None
    status: str | None
    unacknowledged: Sequence[Episode]
    acknowledged: Sequence[Episode]


def state_of_part(facts: PartFacts) -> State:
    """An open alert wins, then silence; only a nominal verdict on fresh telemetry is normal."""
    if any(episode.sign.reason for episode in facts.unacknowledged):
        return "critical"
    if facts.unacknowledged:
        return "serious"
    if facts.acknowledged:
        return "caution"
    if facts.is_stale:
        return "off"
    if facts.status == "failed":
        return "caution"
    return "normal" if facts.verdict == "nominal" else "standby"


def state_of_satellite(parts: Iterable[State], *, is_stale: bool) -> State:
    """The worst of its subsystems; a silent one of a satellite in contact counts as waiting."""
    heard: list[State] = [state if is_stale or state != "off" else "standby" for state in parts]
    return min(heard, key=WORST_FIRST.index)


class FleetStatus:
    """Keeps the newest overview for `CACHE_S`."""

    def __init__(
        self,
        pool: Pool,
        victoria: VictoriaMetrics,
        breaches: Breaches,
        mission: Mission,
        *,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._breaches = breaches
        self._mission = mission
        self._contacts = Contacts(victoria, mission, monotonic=monotonic)
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._read_at = -CACHE_S
        self._latest: dict[str, Any] = {}
        self._standing: Sequence[Episode] = ()

    def overview(self) -> dict[str, Any]:
        """Return the fleet, at most `CACHE_S` old."""
        if not self._lock.acquire(timeout=PATIENCE_S):
            raise DependencyUnavailable("fleet", f"its reading takes longer than {PATIENCE_S:g} s")
        try:
            if self._monotonic() - self._read_at >= CACHE_S:
                self._latest = self._read()
                self._read_at = self._monotonic()
            return self._latest
        finally:
            self._lock.release()

    def conditions(self) -> Sequence[Episode]:
        """Return the open alerts of satellites as a whole, at most `CACHE_S` old."""
        self.overview()
        return self._standing

    def _read(self) -> dict[str, Any]:
        signs = signs_of(self._mission)
        parts = {"subsystems": list(self._mission.subsystems)}
        with ThreadPoolExecutor(1) as beside, transaction(self._pool) as connection:
            contacts = beside.submit(self._contacts.newest)
            present = beside.submit(self._breaches.present)
            names = satellites(connection)
            verdicts = select(connection, QUERIES["newest_verdicts"], {"satellites": names, **parts})
            learning = read_progress(connection, verdicts)
            episodes = open_episodes(connection, names, signs, members_each=1)
            episodes += unjudged_episodes(connection, self._breaches, present.result())
            heard = read_heard(connection, self._mission, names)
            now = datetime.now(UTC)
            standing = conditions(self._mission, heard, newest_contacts(contacts.result()), now)
            known = {item.key for item in episodes}
            episodes += [item for item in standing if item.key not in known]
            acknowledged = acknowledgements(connection, episodes)
            behind_s = anomalies_behind_s(connection)
        keys = {(*episode.key, episode.started_ms) for episode in episodes} & acknowledged.keys()
        self._standing = standing
        behind = {item.satellite_id: item.clock_behind_s(now) for item in heard}
        wrong = {name: seconds for name, seconds in behind.items() if seconds is not None}
        found = overview(self._mission, contacts.result(), verdicts, episodes, keys, wrong, now=now)
        return with_progress(found, learning, rarely_sampled(self._mission.window, verdicts)) | {
            "anomalies_behind_s": behind_s
        }


class Contacts:
    """When each subsystem of each satellite was last heard."""

    def __init__(
        self, victoria: VictoriaMetrics, mission: Mission, *, monotonic: Callable[[], float]
    ) -> None:
        self._victoria = victoria
        self._metrics: dict[str, list[str]] = defaultdict(list)
        for (subsystem, _), metric in metrics_by_channel(mission).items():
            self._metrics[subsystem].append(metric)
        self._monotonic = monotonic
        self._asked_at = -OLDER_CONTACTS_S
        self._older: dict[Part, datetime] = {}

    def newest(self) -> Mapping[Part, datetime]:
        """Return the time of each part's newest sample; empty while VictoriaMetrics is unavailable."""
        try:
            if self._monotonic() - self._asked_at >= OLDER_CONTACTS_S:
                self._older = self._ask(LONG_AGO_S)
                self._asked_at = self._monotonic()
            self._older |= self._ask(RECENT_S)
        except DependencyUnavailable as error:
            _log.warning(f"{error}; last contacts are unknown")
            return {}
        return self._older

    def _ask(self, look_back_s: float) -> dict[Part, datetime]:
        return {
            (satellite, subsystem): datetime.fromtimestamp(time_s, UTC)
            for subsystem, metrics in self._metrics.items()
            for satellite, time_s in self._victoria.newest_values(contact_query(metrics, look_back_s)).items()
        }


def contact_query(metrics: Sequence[str], look_back_s: float) -> str:
    """Ask for the time of the newest sample by satellite."""
    series = f'{{__name__=~"{"|".join(metrics)}"}}{until_newest(look_back_s)}'
    return f"max(tlast_over_time({series})) by (satellite_id)"


def overview(  # noqa: PLR0913, PLR0917 - what was read, each from its own place
    mission: Mission,
    contacts: Mapping[Part, datetime],
    verdicts: Sequence[Row],
    episodes: Sequence[Episode],
    acknowledged: set[Any],
    behind: Mapping[str, float],
    *,
    now: datetime,
) -> dict[str, Any]:
    """Put together what was read, worst satellite first, then by name."""
    by_part = {(row["satellite_id"], row["subsystem"]): row for row in verdicts}
    alerts: dict[Part, list[Episode]] = defaultdict(list)
    for episode in episodes:
        alerts[episode.satellite_id, episode.sign.subsystem].append(episode)
    names = {name for name, _ in [*by_part, *contacts, *alerts]}
    found = []
    for name in names:
        parts = []
        for subsystem in mission.subsystems:
            key = (name, subsystem)
            contact = contacts.get(key)
            interval_s = by_part[key]["interval_s"] if key in by_part else None
            patience = timedelta(seconds=mission.window.gap_s(interval_s or 0))
            is_stale = name not in behind and (contact is None or now - contact > patience)
            parts.append(
                _part(subsystem, contact, alerts[key], by_part.get(key), acknowledged, is_stale=is_stale)
            )
        whole = alerts[name, SATELLITE]
        found.append(_satellite(name, parts, whole, acknowledged, behind.get(name)))
    found.sort(key=lambda item: (WORST_FIRST.index(item["state"]), item["satellite_id"]))
    counts = Counter(item["state"] for item in found)
    return {
        "generated_at": now,
        "counts": {state: counts[state] for state in WORST_FIRST},
        "satellites": found,
    }


def _part(  # noqa: PLR0913 - what is known of one subsystem
    subsystem: str,
    contact: datetime | None,
    episodes: Sequence[Episode],
    newest: Row | None,
    acknowledged: set[Any],
    *,
    is_stale: bool,
) -> dict[str, Any]:
    known = [item for item in episodes if (*item.key, item.started_ms) in acknowledged]
    unknown = [item for item in episodes if item not in known]
    facts = PartFacts(
        last_contact=contact,
        is_stale=is_stale,
        verdict=newest["verdict"] if newest else None,
        status=newest["status"] if newest else None,
        unacknowledged=unknown,
        acknowledged=known,
    )
    return {
        "subsystem": subsystem,
        "state": state_of_part(facts),
        "is_stale": is_stale,
        "last_contact": contact,
        "verdict": facts.verdict,
        "anomaly_score": newest["anomaly_score"] if newest else None,
        "judged_at": newest["generated_at"] if newest else None,
        "open_alerts": len(episodes),
        "unacknowledged_alerts": len(unknown),
    }


def _satellite(
    name: str,
    parts: Sequence[dict[str, Any]],
    whole: Sequence[Episode],
    acknowledged: set[Any],
    clock_behind_s: float | None,
) -> dict[str, Any]:
    is_stale = all(part["is_stale"] for part in parts)
    unknown = [item for item in whole if (*item.key, item.started_ms) not in acknowledged]
    states: list[State] = [part["state"] for part in parts]
    if clock_behind_s is not None:
        states.append("serious" if unknown else "caution")
    contacts = [part["last_contact"] for part in parts if part["last_contact"]]
    return {
        "satellite_id": name,
        "state": state_of_satellite(states, is_stale=is_stale),
        "is_stale": is_stale,
        "clock_behind_s": clock_behind_s,
        "last_contact": max(contacts, default=None),
        "open_alerts": sum(part["open_alerts"] for part in parts) + len(whole),
        "unacknowledged_alerts": sum(part["unacknowledged_alerts"] for part in parts) + len(unknown),
        "subsystems": parts,
    }
