"""What a sent ledger demands, computed again from the operator's manual; no service code is imported here.

Sample set = (satellite, generation time). A message is usable when it is a JSON object of at most a
megabyte with a valid satellite_id, a zoned ISO 8601 time within bounds and at least one usable value.
"""

import json
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Any, Final

CHANNELS: Final[Mapping[str, tuple[str, ...]]] = {
    "eps": (
        "battery_voltage",
        "battery_soc_percent",
        "battery_current",
        "battery_temperature",
        *(f"solar_panel_{number}_{what}" for number in (1, 2, 3) for what in ("voltage", "current")),
        "total_power_consumption",
        "total_power_generation",
    ),
    "thermal": (
        "battery_temp",
        "obc_temp",
        "comm_temp",
        "payload_temp",
        "solar_panel_temp",
        "external_temp",
    ),
    "aocs": (
        *(f"gyro_{axis}" for axis in "xyz"),
        "sun_sensor_angle",
        *(f"magnetometer_{axis}" for axis in "xyz"),
        *(f"reaction_wheel_{wheel}_rpm" for wheel in (1, 2, 3)),
        "gps_altitude_km",
        "gps_velocity_kmps",
        "thruster_active",
    ),
    "comm": ("rssi_dbm", "data_backlog_mb", "last_contact_seconds_ago"),
}
FLAGS: Final = frozenset({"thruster_active"})
PERIODIC_SHARE: Final = 0.1
NOMINAL: Final[Mapping[tuple[str, str], tuple[float, float]]] = {
    ("eps", "battery_soc_percent"): (40, 100),
    ("thermal", "obc_temp"): (-10, 40),
    ("aocs", "thruster_active"): (0, 0),
    ("comm", "rssi_dbm"): (-125, -65),
    ("comm", "data_backlog_mb"): (0, 2000),
}
"""Ranges, and rules, that the generator leaves on purpose; those of comm with a contradiction of values that
the message before it lacks: it completes the sample set."""
RESTLESS_FOR: Final = 30
"""Sample sets: 20 of each channel, and those that lack it."""
MAX_BYTES: Final = 1_000_000
MAX_LEAD: Final = timedelta(minutes=5)
EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
SATELLITE_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,49}")

Place = tuple[int, int]
"""Partition and offset."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One message of the ledger, as the broker confirmed it."""

    value: bytes | None
    place: Place
    appended_at: datetime


@dataclass(slots=True, kw_only=True)
class Demands:
    """What must be found after the ledger was processed."""

    #: Job id to the subsystems that need a verdict.
    subsystems: dict[str, set[str]] = field(default_factory=dict)
    #: (job id, subsystem) that may have a row besides: the restless, up to an added share of all.
    restless: set[tuple[str, str]] = field(default_factory=set)
    #: Job id to its reasons, for sample sets that came in one message.
    reasons: dict[str, list[str]] = field(default_factory=dict)
    #: Place to reason of the dead letter.
    dead_letters: dict[Place, str] = field(default_factory=dict)
    #: Satellite to generation times (milliseconds) of its `thermal.obc_temp`.
    temperature_times: dict[str, set[int]] = field(default_factory=dict)

    @property
    def rows(self) -> set[tuple[str, str]]:
        """Every (job id, subsystem) that must have exactly one row."""
        return {(job_id, name) for job_id, names in self.subsystems.items() for name in names}


class Unusable(Exception):  # noqa: N818 - named for what it says of a message
    """A message that must end as a dead letter; its text is the reason."""


Identity = tuple[str, int]
Values = dict[tuple[str, str], float]


def demands_of(ledger: Iterable[Sent]) -> Demands:
    """Go through a ledger in the order of its partition and collect what the rules demand."""
    demands = Demands()
    known: dict[Identity, Values] = {}
    in_parts: set[Identity] = set()
    for sent in sorted(ledger, key=lambda sent: sent.place):
        try:
            body = _body(sent)
            identity = (_satellite_id(body), _generation_time(body, sent.appended_at))
            values = _values(body)
            if identity in known and values.keys() - known[identity].keys():
                in_parts.add(identity)
            _merge(known.setdefault(identity, {}), values)
        except Unusable as error:
            demands.dead_letters[sent.place] = str(error)
            continue
        if ("thermal", "obc_temp") in values:
            demands.temperature_times.setdefault(identity[0], set()).add(identity[1] // 1000)
    for identity, values in known.items():
        _demand(demands, identity, values)
    demands.restless = _restless(known) - demands.rows
    for identity in in_parts:
        # The reason is that of the part that came first; it depends on which one that was.
        demands.reasons.pop(job_id(*identity), None)
    return demands


def job_id(satellite_id: str, generated_us: int) -> str:
    """Milliseconds in 13 digits, or microseconds in 16 where there is a part below."""
    if generated_us % 1000:
        return f"kafka-{satellite_id}-{generated_us:016d}"
    return f"kafka-{satellite_id}-{generated_us // 1000:013d}"


def is_periodic(satellite_id: str, generated_us: int) -> bool:
    """Draw the periodic share by a hash of the identity."""
    digest = blake2b(f"{satellite_id}:{generated_us}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") / 2**64 < PERIODIC_SHARE


def broken_rules(values: Mapping[tuple[str, str], float]) -> list[str]:
    """Reasons in the manual's order; the limits are strict."""
    soc = values.get(("eps", "battery_soc_percent"), math.nan)
    temperature = values.get(("thermal", "obc_temp"), math.nan)
    thruster = values.get(("aocs", "thruster_active"), math.nan)
    found = {
        "low_battery": soc < 30,
        "abnormal_temperature": temperature < -30 or temperature > 50,
        "thruster_active": thruster == 1,
    }
    return [reason for reason, broken in found.items() if broken]


def _demand(demands: Demands, identity: Identity, values: Values) -> None:
    reasons = broken_rules(values)
    if not reasons and is_periodic(*identity):
        reasons = ["periodic_check"]
    if reasons and values:
        name = job_id(*identity)
        demands.subsystems[name] = {subsystem for subsystem, _ in values}
        demands.reasons[name] = reasons


def _restless(known: Mapping[Identity, Values]) -> set[tuple[str, str]]:
    """Every sample set of a subsystem soon after one in trouble, in the order of generation times."""
    left: dict[tuple[str, str], int] = {}
    found = set()
    for (satellite_id, generated_us), values in sorted(known.items()):
        for subsystem in {name for name, _ in values}:
            key = satellite_id, subsystem
            left[key] = RESTLESS_FOR if _is_in_trouble(values, subsystem) else left.get(key, 0) - 1
            if left[key] > 0:
                found.add((job_id(satellite_id, generated_us), subsystem))
    return found


def _is_in_trouble(values: Values, subsystem: str) -> bool:
    return any(
        not low <= values.get(channel, low) <= high
        for channel, (low, high) in NOMINAL.items()
        if channel[0] == subsystem
    )


def _body(sent: Sent) -> dict[str, Any]:
    if sent.value is None:
        raise Unusable("not_json")
    if len(sent.value) > MAX_BYTES:
        raise Unusable("too_large")
    try:
        body = json.loads(sent.value)
    except ValueError as error:
        raise Unusable("not_json") from error
    if not isinstance(body, dict):
        raise Unusable("not_json")
    return body


def _satellite_id(body: Mapping[str, Any]) -> str:
    name = body.get("satellite_id")
    if not isinstance(name, str) or not SATELLITE_ID.fullmatch(name):
        raise Unusable("invalid_satellite_id")
    return name


def _generation_time(body: Mapping[str, Any], appended_at: datetime) -> int:
    try:
        moment = datetime.fromisoformat(body["timestamp"])
    except (KeyError, TypeError, ValueError) as error:
        raise Unusable("invalid_timestamp") from error
    if moment.tzinfo is None:
        raise Unusable("invalid_timestamp")
    if moment > appended_at + MAX_LEAD:
        raise Unusable("time_ahead")
    if moment < EARLIEST:
        raise Unusable("time_too_early")
    since = moment - datetime(1970, 1, 1, tzinfo=UTC)
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def _values(body: Mapping[str, Any]) -> Values:
    values: Values = {}
    for subsystem, names in CHANNELS.items():
        fields = body.get(subsystem)
        if not isinstance(fields, dict):
            continue
        for name in names:
            value = _usable(fields.get(name), is_flag=name in FLAGS)
            if value is not None:
                values[subsystem, name] = value
    if not values:
        raise Unusable("no_usable_channel")
    return values


def _usable(value: object, *, is_flag: bool) -> float | None:
    if isinstance(value, bool):
        return float(value) if is_flag else None
    if isinstance(value, int | float) and math.isfinite(value) and abs(value) < 3.4e38:
        return float(value)
    return None


def _merge(known: Values, values: Values) -> None:
    """Add a message's values to its sample set, unless one contradicts an earlier one."""
    if any(known.get(channel, value) != value for channel, value in values.items()):
        raise Unusable("conflicting_duplicate")
    known.update(values)
