"""Telemetry whose alarms are known beforehand, as Kafka delivers it, and what alarms must come of it.

The expectation follows from the definitions of `telemetry_core.contract.rules` and the sorted set of samples
alone: it shares no code with the service.
"""

import json
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from telemetry_core.contract.messages import time_of
from telemetry_core.contract.mission import Mission
from telemetry_core.contract.rules import Rule
from telemetry_core.kafka.records import Record

SECOND_US: Final = 1_000_000
START_US: Final = 1_780_000_000 * SECOND_US
PARTITIONS: Final = 2
LATEST_S: Final = 880
"""Late by no more than makes stored telemetry of it in the default mission."""
NOMINAL: Final = (80.0, 20.0, 0.0)
"""State of charge, temperature of the on-board computer, thruster."""
BROKEN: Final = ((12.0, 20.0, 0.0), (80.0, 71.0, 0.0), (80.0, -45.0, 0.0), (80.0, 20.0, 1.0))


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class ExpectedAlarm:
    """An alarm by definition; times are microseconds since 1970 UTC."""

    satellite_id: str
    subsystem: str
    reason: str
    started_us: int
    last_us: int
    returned_us: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleSet:
    """What one message of a satellite says."""

    satellite_id: str
    generated_us: int
    values: tuple[float, float, float]

    @property
    def message(self) -> bytes:
        """As it is sent."""
        soc, temperature, thruster = self.values
        body = {
            "satellite_id": self.satellite_id,
            "timestamp": time_of(self.generated_us).isoformat(),
            "eps": {"battery_soc_percent": soc},
            "thermal": {"obc_temp": temperature},
            "aocs": {"thruster_active": thruster},
        }
        return json.dumps(body).encode()


def sample_sets(*, satellites: int, each: int, seed: int, interval_s: float = 10.0) -> Iterator[SampleSet]:
    """Yield telemetry with breaches of all lengths, values that flap, and pauses."""
    chance = random.Random(seed)
    for number in range(satellites):
        at_us, state, left = START_US + chance.randrange(SECOND_US), NOMINAL, 0
        for _ in range(each):
            if not left:
                state = chance.choice(BROKEN) if state is NOMINAL else NOMINAL
                left = chance.choice((1, 1, 2, 3, 8, 12, 40, 90))
            left -= 1
            values = chance.choice(BROKEN) if chance.random() < 0.004 else state
            yield SampleSet(satellite_id=f"SAT-{number:03d}", generated_us=at_us, values=values)
            pause_s = chance.choice((90, 400, 2_000, 6_000)) if chance.random() < 0.002 else 0
            at_us += round((interval_s * chance.uniform(0.9, 1.1) + pause_s) * SECOND_US)


def delivered(
    sent: Iterable[SampleSet], *, seed: int, late: float = 0.05, doubled: float = 0.05
) -> list[Record]:
    """Return the messages in the order of their reception: some late, some twice."""
    chance = random.Random(seed)
    arrivals: list[tuple[int, SampleSet]] = []
    for one in sent:
        delay_s = chance.uniform(10, LATEST_S) if chance.random() < late else 1.0
        arrivals.append((one.generated_us + round(delay_s * SECOND_US), one))
        if chance.random() < doubled:
            again_s = chance.uniform(delay_s, LATEST_S)
            arrivals.append((one.generated_us + round(again_s * SECOND_US), one))
    arrivals.sort(key=lambda arrival: arrival[0])
    return [
        Record(
            value=one.message,
            key=one.satellite_id.encode(),
            partition=sum(one.satellite_id.encode()) % PARTITIONS,
            offset=place,
            received_us=received_us // 1000 * 1000,
        )
        for place, (received_us, one) in enumerate(arrivals)
    ]


def before(records: Sequence[Record], place: int, *, span_s: float = 900.0) -> list[Record]:
    """Return the look-back of a service whose committed offset is a place in `records`."""
    since_us = records[min(place, len(records) - 1)].received_us - span_s * SECOND_US
    return [record for record in records[:place] if record.received_us >= since_us]


def expected_alarms(sent: Iterable[SampleSet], mission: Mission) -> list[ExpectedAlarm]:
    """Return the alarms of telemetry, whatever the order and the number of times it comes."""
    series: dict[tuple[str, str], dict[int, float]] = {}
    names = ("eps", "thermal", "aocs")
    for one in sent:
        for subsystem, value in zip(names, one.values, strict=True):
            series.setdefault((one.satellite_id, subsystem), {})[one.generated_us] = value
    return sorted(
        ExpectedAlarm(
            satellite_id=satellite_id,
            subsystem=subsystem,
            reason=rule.reason,
            started_us=violations[0],
            last_us=violations[-1],
            returned_us=returned_us,
        )
        for (satellite_id, subsystem), values in series.items()
        for rule in mission.subsystems[subsystem].rules
        for violations, returned_us in spans(sorted(values.items()), rule)
    )


def together(begins_us: Iterable[int]) -> list[list[int]]:
    """Part the begins of a satellite's alarms into groups: within a minute of each other, or connected."""
    groups: list[list[int]] = []
    for begin_us in sorted(begins_us):
        if groups and begin_us <= groups[-1][-1] + 60 * SECOND_US:
            groups[-1].append(begin_us)
        else:
            groups.append([begin_us])
    return groups


def expected_groups(alarms: Iterable[ExpectedAlarm]) -> list[tuple[str, list[int]]]:
    """Return satellite and begins of each group, in order."""
    begins: dict[str, list[int]] = {}
    for alarm in alarms:
        begins.setdefault(alarm.satellite_id, []).append(alarm.started_us)
    return sorted((name, group) for name, found in begins.items() for group in together(found))


def spans(series: Sequence[tuple[int, float]], rule: Rule) -> Iterator[tuple[list[int], int | None]]:
    """Yield the violations of each alarm, and the clear sample that ended it.

    `series` is in time order. Its samples are closer than a third of the hold: then that is the rule's own.
    """
    hold_us, delay_us = round(rule.hold_s * SECOND_US), rule.min_duration_s * SECOND_US
    row: list[int] = []
    alarm: list[int] = []
    clear = 0
    for at_us, value in series:
        if rule.is_breached(value):
            clear = 0
            (alarm or row).append(at_us)
            if row and len(row) >= rule.min_violations and at_us - row[0] >= delay_us:
                alarm, row = row, []
        elif rule.is_clear(value):
            row = []
            clear += bool(alarm) and at_us - alarm[-1] >= hold_us
            if clear == rule.min_clear:
                yield alarm, at_us
                alarm, clear = [], 0
    if alarm:
        yield alarm, None
