"""From a message of Kafka to the samples that rules are compared with: pure."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from alarm_server.signs import CLOCK_SIGNS, SET_BACK, Sign, signs_of
from alarm_server.sources import Source, Sources
from alarms.violation_runs import Sample
from telemetry_core.contract.errors import InvalidTelemetryMessage
from telemetry_core.contract.messages import MAX_DUMP_AGE_S, WrongClock, parse_telemetry_message
from telemetry_core.contract.mission import Mission
from telemetry_core.kafka.records import Record
from telemetry_core.limits.changes import Limits


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A live sample set of a satellite; times are microseconds since 1970 UTC."""

    satellite_id: str
    #: Of one with a wrong clock, that of the reception.
    generated_us: int
    received_us: int
    is_replayed: bool
    #: What it brings.
    sources: frozenset[Source]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A sample for one sign of one satellite."""

    satellite_id: str
    sign: Sign
    #: NaN where its channel was not sent, and its last value holds.
    sample: Sample
    #: False: its rule is not compared now, and any value is clear.
    is_in_context: bool = True
    #: What the history tells of it beside the value.
    facts: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_held(self) -> bool:
        """Tell whether the channel's last value holds."""
        return math.isnan(self.sample.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Readings:
    """What one message says to alarms; a message that is stored telemetry says nothing but its clock."""

    contact: Contact | None
    samples: Sequence[Reading]
    #: Those whose context the message does not tell: they are not compared.
    uncompared: Sequence[Sign] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What a batch of messages says."""

    readings: Sequence[Reading]
    contacts: Sequence[Contact]
    newest_us: int
    """Reception of the newest message, microseconds since 1970 UTC."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contradiction:
    """Live sample sets that contradict earlier ones; times are microseconds of the reception."""

    satellite_id: str
    #: How far their clock was set back.
    behind_s: float
    first_us: int
    last_us: int

    @property
    def readings(self) -> list[Reading]:
        """What they say of the clock; their limits are read as those of any live message."""
        return [
            Reading(
                satellite_id=self.satellite_id,
                sign=SET_BACK,
                sample=Sample(at_us=at_us, value=self.behind_s),
            )
            for at_us in sorted({self.first_us, self.last_us})
        ]


class _Rules:
    """What holds for satellites that use one limit set."""

    def __init__(self, mission: Mission) -> None:
        signs = list(signs_of(mission))
        self.signs: Final = [*signs, *(sign.forecast for sign in signs if sign.forecast is not None)]
        #: With the place of the channel in its subsystem.
        self.placed: Final = [
            (sign, list(mission.subsystems[sign.subsystem].channels).index(sign.rule.channel))
            for sign in signs
            if sign.kind != "clock"
        ]
        self.contextual: Final = [sign for sign, _ in self.placed if sign.rule.is_contextual]


class Reader:
    """Reads messages of a mission; readings name the rules, so that whoever gets them goes by these, too."""

    def __init__(self, limits: Limits) -> None:
        self.limits: Final = limits
        mission = self._mission = limits.file
        self.sources: Final = Sources(mission)
        self._live_us = round(mission.window.live_s * 1_000_000)
        self._rules = {name: _Rules(one) for name, one in limits.missions.items()}
        self._on_change = {
            (name, channel)
            for name, subsystem in mission.subsystems.items()
            for channel, definition in subsystem.channels.items()
            if definition.reporting == "on_change"
        }

    @property
    def signs(self) -> dict[str, list[Sign]]:
        """All that its readings can raise, foretold or broken, by limit set."""
        return {name: rules.signs for name, rules in self._rules.items()}

    def read(self, record: Record) -> Readings:
        """Return what a record says, or raise `InvalidTelemetryMessage` where it says nothing."""
        try:
            message = parse_telemetry_message(
                record.value, mission=self._mission, received_us=record.received_us
            )
        except WrongClock as error:
            return self._of_wrong_clock(record, error)
        age_us = record.received_us - message.generated_us
        if not record.is_replayed and age_us > MAX_DUMP_AGE_S * 1_000_000:
            return self._at_reception(record, message.satellite_id, age_us / 1_000_000, message.samples)
        if not record.is_replayed and age_us > self._live_us:
            return Readings(contact=None, samples=())
        contact = Contact(
            satellite_id=message.satellite_id,
            generated_us=message.generated_us,
            received_us=record.received_us,
            is_replayed=record.is_replayed,
            sources=self.sources.of(message.samples),
        )
        rules = self._rule_readings(message.satellite_id, message.generated_us, message.samples)
        clock = _clock_readings(message.satellite_id, record.received_us, age_us / 1_000_000)
        return Readings(
            contact=contact,
            samples=list(rules) if record.is_replayed else [*clock, *rules],
            uncompared=self._uncompared(message.satellite_id, message.samples),
        )

    def _of_wrong_clock(self, record: Record, error: WrongClock) -> Readings:
        """The values are the satellite's, their time is that of the reception; a recording has no clock."""
        if record.is_replayed:
            raise InvalidTelemetryMessage(error.reason, error.detail) from error
        return self._at_reception(record, error.satellite_id, error.behind_s, error.samples)

    def _at_reception(
        self,
        record: Record,
        satellite_id: str,
        behind_s: float,
        samples: Mapping[str, Sequence[float]],
    ) -> Readings:
        """A rate is none by times of reception: what waited on board comes at once."""
        received_us = record.received_us
        rules = self._rule_readings(satellite_id, received_us, samples)
        return Readings(
            contact=Contact(
                satellite_id=satellite_id,
                generated_us=received_us,
                received_us=received_us,
                is_replayed=False,
                sources=self.sources.of(samples),
            ),
            samples=[
                *_clock_readings(satellite_id, received_us, behind_s),
                *(reading for reading in rules if reading.sign.kind != "rate"),
            ],
            uncompared=self._uncompared(satellite_id, samples),
        )

    def _rule_readings(
        self, satellite_id: str, at_us: int, samples: Mapping[str, Sequence[float]]
    ) -> Iterator[Reading]:
        for sign, place in self._rules_of(satellite_id).placed:
            values = samples.get(sign.subsystem)
            if values is None:
                continue
            is_in_context = self._is_in_context(sign, values)
            is_absent = (
                math.isnan(values[place]) and (sign.subsystem, sign.rule.channel) not in self._on_change
            )
            # Outside its context a rule is clear whatever the value, also of a sensor that is off then.
            if is_in_context is None or (is_in_context and is_absent):
                continue
            sample = Sample(at_us=at_us, value=values[place])
            yield Reading(satellite_id=satellite_id, sign=sign, sample=sample, is_in_context=is_in_context)

    def _rules_of(self, satellite_id: str) -> _Rules:
        return self._rules[self.limits.set_of(satellite_id)]

    def _uncompared(self, satellite_id: str, samples: Mapping[str, Sequence[float]]) -> list[Sign]:
        return [
            sign
            for sign in self._rules_of(satellite_id).contextual
            if (values := samples.get(sign.subsystem)) and self._is_in_context(sign, values) is None
        ]

    def _is_in_context(self, sign: Sign, values: Sequence[float]) -> bool | None:
        if not sign.rule.is_contextual:
            return True
        channels = self._mission.subsystems[sign.subsystem].channels
        return sign.rule.is_in_context(dict(zip(channels, values, strict=True)))


def _clock_readings(satellite_id: str, received_us: int, behind_s: float) -> list[Reading]:
    return [
        Reading(satellite_id=satellite_id, sign=sign, sample=Sample(at_us=received_us, value=behind_s))
        for sign in CLOCK_SIGNS
    ]
