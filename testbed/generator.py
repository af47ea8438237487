"""Deterministic telemetry with a ledger in mind: every message is sent on purpose, good or bad."""

import json
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum
from typing import Any, Final

OVERSIZE_BYTES: Final = 1_000_001


class Kind(Enum):
    """Why a message is in the recording; the oracle does not look at it."""

    ORIGINAL = "original"
    DUPLICATE = "duplicate"
    GARBAGE = "garbage"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message to send."""

    kind: Kind
    key: bytes | None
    value: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shares:
    """Parts of a recording that are not plain."""

    duplicates: float = 0.05
    out_of_order: float = 0.05
    garbage: float = 0.01
    rule_breaking: float = 0.03
    partial: float = 0.05


def telemetry_body(
    satellite_id: str, generated_at: datetime, step: int, draw: random.Random
) -> dict[str, Any]:
    """One plausible nominal message; `step` moves along the orbit."""
    phase = 2 * math.pi * step / 540
    sun = math.sin(phase)
    return {
        "timestamp": generated_at.isoformat(),
        "satellite_id": satellite_id,
        "beacon": {"alive": True, "mode": "nominal", "uptime_seconds": 1000 + step},
        "obc": {"cpu_usage_percent": round(30 + draw.gauss(0, 2), 2), "boot_count": 1},
        "eps": _eps(sun, draw),
        "thermal": _thermal(sun, draw),
        "aocs": _aocs(phase, draw),
        "comm": {
            "rssi_dbm": round(-80 + 4 * sun + draw.gauss(0, 0.5), 2),
            "data_backlog_mb": round(100 + step * 0.2, 2),
            "last_contact_seconds_ago": step % 600,
        },
        "payload": {"camera_on": False, "images_captured_count": step // 60},
    }


def recording(
    satellite_ids: Sequence[str],
    *,
    count: int,
    newest_at: datetime,
    seed: int,
    shares: Shares,
    first_step: int = 0,
) -> list[Message]:
    """Return `count` messages in sending order: satellites in turn, one sample set a second each."""
    draw = random.Random(seed)
    duplicates, garbage = round(count * shares.duplicates), round(count * shares.garbage)
    originals = _originals(satellite_ids, count - duplicates - garbage, newest_at, draw, shares, first_step)
    messages = _displaced(originals, round(count * shares.out_of_order), len(satellite_ids), draw)
    for _ in range(duplicates):
        source = draw.randrange(len(messages))
        copy = Message(kind=Kind.DUPLICATE, key=messages[source].key, value=messages[source].value)
        messages.insert(min(len(messages), source + draw.randint(1, 4 * len(satellite_ids))), copy)
    sources = _garbage_kinds(newest_at)
    for number in range(garbage):
        position = draw.randrange(len(messages) // 10, len(messages))
        messages.insert(position, sources[number % len(sources)](messages[: position - 1], draw))
    return messages


def _originals(
    satellite_ids: Sequence[str],
    count: int,
    newest_at: datetime,
    draw: random.Random,
    shares: Shares,
    first_step: int,
) -> list[Message]:
    steps = math.ceil(count / len(satellite_ids))
    start = newest_at - timedelta(seconds=steps)
    messages: list[Message] = []
    for step in range(steps):
        for index, satellite_id in enumerate(satellite_ids):
            # Every third satellite's clock has a part below the millisecond.
            offset = timedelta(milliseconds=7 * index, microseconds=13 * (index % 3 == 0))
            generated_at = start + timedelta(seconds=step) + offset
            body = telemetry_body(satellite_id, generated_at, first_step + step, draw)
            if draw.random() < shares.rule_breaking:
                _break_rules(body, draw)
            messages.extend(_parts(body, draw) if draw.random() < shares.partial else [_message(body)])
    return messages[:count]


def _parts(body: dict[str, Any], draw: random.Random) -> list[Message]:
    """Return a message that lacks something, or one sample set in two messages."""
    choice = draw.randrange(4)
    if choice == 0:
        del body[draw.choice(["eps", "thermal", "aocs", "comm"])]
        return [_message(body)]
    if choice == 1:
        body["eps"]["battery_voltage"] = None
        body["thermal"]["obc_temp"] = "hot"
        return [_message(body)]
    if choice == 2:
        body["comm"] = {"rssi_dbm": math.nan}
        return [_message(body)]
    common = {name: body[name] for name in ("timestamp", "satellite_id")}
    halves = ({**common, "eps": body["eps"]}, {**common, "thermal": body["thermal"], "aocs": body["aocs"]})
    return [_message(half) for half in halves]


def _break_rules(body: dict[str, Any], draw: random.Random) -> None:
    for breach in draw.sample(["battery", "hot", "cold", "thruster"], draw.choice([1, 1, 2])):
        if breach == "battery":
            body["eps"]["battery_soc_percent"] = 29.99
        elif breach == "thruster":
            body["aocs"]["thruster_active"] = True
        else:
            body["thermal"]["obc_temp"] = 50.01 if breach == "hot" else -30.01


def _displaced(
    messages: Sequence[Message], count: int, satellites: int, draw: random.Random
) -> list[Message]:
    """Send `count` messages up to three samples of their satellite too late."""
    moved = set(draw.sample(range(len(messages)), count))
    order = [
        (index + (satellites * draw.randint(1, 3) + 0.5 if index in moved else 0), index)
        for index in range(len(messages))
    ]
    return [messages[index] for _, index in sorted(order)]


def _garbage_kinds(newest_at: datetime) -> list[Any]:
    ahead = (newest_at + timedelta(hours=2)).isoformat()
    header = {"satellite_id": "GARBAGE", "timestamp": newest_at.isoformat()}
    sound = {"comm": {"rssi_dbm": -80.0}}

    def fixed(value: bytes | None) -> Any:
        return lambda _sent, _draw: Message(kind=Kind.GARBAGE, key=b"GARBAGE", value=value)

    def changed(**fields: Any) -> Any:
        return fixed(_encode({**header, **sound, **fields}))

    return [
        fixed(b"{broken"),
        fixed(b""),
        fixed(None),
        fixed(b"[1, 2]"),
        fixed(b"\xff\xfe\x00"),
        changed(satellite_id=None),
        changed(satellite_id='SAT"} 1'),
        changed(timestamp="yesterday"),
        changed(timestamp=1761802496),
        changed(timestamp="2025-10-30T12:00:00"),
        changed(timestamp=ahead),
        changed(timestamp="1999-12-31T23:59:59Z"),
        changed(comm=None, beacon={"alive": True}),
        changed(comm={"rssi_dbm": "strong"}),
        fixed(_encode({**header, **sound, "padding": "x" * OVERSIZE_BYTES})),
        _contradiction,
        _contradiction,
    ]


def _contradiction(sent: Sequence[Message], draw: random.Random) -> Message:
    """Return an earlier message of the last few with one value changed."""
    candidates = [
        message for message in sent[-60:] if message.kind is Kind.ORIGINAL and b'"comm"' in _raw(message)
    ]
    body = json.loads(_raw(draw.choice(candidates)))
    body["comm"]["rssi_dbm"] = -1.25
    body["comm"]["data_backlog_mb"] = -1.25
    return Message(kind=Kind.GARBAGE, key=body["satellite_id"].encode(), value=_encode(body))


def _raw(message: Message) -> bytes:
    return message.value or b""


def _message(body: dict[str, Any]) -> Message:
    return Message(kind=Kind.ORIGINAL, key=body["satellite_id"].encode(), value=_encode(body))


def _encode(body: dict[str, Any]) -> bytes:
    return json.dumps(body).encode()


def _eps(sun: float, draw: random.Random) -> dict[str, float]:
    soc = 70 + 15 * sun + draw.gauss(0, 0.2)
    generation = max(0.0, 45 * sun) + abs(draw.gauss(0, 0.3))
    panels = {
        f"solar_panel_{number}_{quantity}": round(max(0.0, top * sun) + abs(draw.gauss(0, 0.02)), 3)
        for number in (1, 2, 3)
        for quantity, top in (("voltage", 7.5), ("current", 2.1))
    }
    return {
        "battery_voltage": round(3.0 + 1.2 * soc / 100, 3),
        "battery_soc_percent": round(soc, 2),
        "battery_current": round(1.5 * sun + draw.gauss(0, 0.05), 3),
        "battery_temperature": round(15 + 3 * sun + draw.gauss(0, 0.2), 2),
        **panels,
        "total_power_consumption": round(20 + draw.gauss(0, 0.5), 2),
        "total_power_generation": round(generation, 2),
    }


def _thermal(sun: float, draw: random.Random) -> dict[str, float | bool]:
    bases = {
        "battery_temp": (15, 3),
        "obc_temp": (20, 8),
        "comm_temp": (14, 8),
        "payload_temp": (10, 6),
        "solar_panel_temp": (5, 55),
        "external_temp": (-5, 40),
    }
    values = {
        name: round(base + swing * sun + draw.gauss(0, 0.3), 2) for name, (base, swing) in bases.items()
    }
    return {**values, "heater_1_on": values["battery_temp"] < 0, "cooler_active": False}


def _aocs(phase: float, draw: random.Random) -> dict[str, float | bool]:
    return {
        **{f"gyro_{axis}": round(draw.gauss(0, 0.02), 4) for axis in "xyz"},
        "sun_sensor_angle": round(90 - 80 * math.sin(phase), 2),
        "magnetometer_x": round(30 * math.sin(phase) + draw.gauss(0, 0.3), 2),
        "magnetometer_y": round(25 * math.cos(phase) + draw.gauss(0, 0.3), 2),
        "magnetometer_z": round(20 + draw.gauss(0, 0.3), 2),
        **{f"reaction_wheel_{wheel}_rpm": round(3000 + draw.gauss(0, 15), 1) for wheel in (1, 2, 3)},
        "thruster_active": False,
        "gps_altitude_km": round(420 + 3 * math.sin(phase), 3),
        "gps_velocity_kmps": round(7.66 - 0.002 * math.sin(phase), 5),
    }


def every_message_triggers(
    satellite_ids: Sequence[str], *, steps: int, newest_at: datetime, seed: int
) -> Iterator[Message]:
    """Yield nominal series whose every message has its thruster on: a rule breaks, no model input changes."""
    draws = [random.Random(f"{seed}-{index}") for index in range(len(satellite_ids))]
    start = newest_at - timedelta(seconds=steps)
    for step in range(steps):
        for satellite_id, draw in zip(satellite_ids, draws, strict=True):
            body = telemetry_body(satellite_id, start + timedelta(seconds=step), step, draw)
            body["aocs"]["thruster_active"] = True
            yield _message(body)


def whole_second_now() -> datetime:
    """Return the present, UTC, without its fraction."""
    return datetime.now(UTC).replace(microsecond=0)
