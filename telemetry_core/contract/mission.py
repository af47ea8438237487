"""What a mission is made of: subsystems, their channels and their rules."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Self

from pydantic import AwareDatetime, Field, StringConstraints, ValidationError, model_validator

from telemetry_core.contract.channels import Channel, Detection
from telemetry_core.contract.rules import (
    DEFAULT_SET,
    SET_FIELDS,
    Condition,
    MissionPart,
    Name,
    Reason,
    Rule,
)

SATELLITE_ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,49}$"
MIN_WINDOW_LENGTH = 10
MAX_WINDOW_LENGTH = 256
MAX_SPAN_S = 86_400 * 7.0
LONGEST_INTERVAL_S = MAX_SPAN_S
MAX_HORIZON = 64
MAX_LIMIT_SETS = 32
GAP_INTERVALS = 3
"""So many usual intervals without a sample are no gap, however long they last."""
GAP_NEIGHBOURS = 5
"""The usual interval before or behind a pause is the median of so many; the shorter of both counts."""
SATELLITE = "satellite"
"""Stands for a subsystem in alarms that are about none."""
SERIES_SUBSYSTEM = "series"
"""Subsystem of a series that a client posted: it belongs to no satellite's subsystem."""

FieldPath = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_]+\.([A-Za-z0-9_]+|\*)$")]
MetricName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*\*?$")]


RuleFields = Annotated[dict[str, Any], Field(min_length=1)]
SetRules = Annotated[dict[Reason, RuleFields], Field(min_length=1)]
LimitSet = Annotated[dict[Name, SetRules], Field(min_length=1)]
"""What replaces the mission's rules: by subsystem and reason, fields of `SET_FIELDS` with their values."""


class Subsystem(MissionPart):
    """Channels that are judged together, in the order in which the model's answer lists them."""

    horizon: int = Field(ge=1, le=MAX_HORIZON)
    channels: dict[Name, Channel] = Field(min_length=1)
    rules: tuple[Rule, ...] = ()

    @model_validator(mode="after")
    def _rules_name_channels(self) -> Self:
        known: set[str] = set()
        for rule in self.rules:
            if rule.reason in known:
                raise ValueError(
                    f"two rules have the reason {rule.reason}, which names their alarms: give each its own,"
                    " or write below and above of a channel in one rule"
                )
            known.add(rule.reason)
            if rule.channel not in self.channels:
                raise ValueError(f"rule {rule.reason} names channel {rule.channel}, which is not defined")
            _check_values(rule, self.channels[rule.channel])
            for condition in rule.when:
                self._check_condition(rule.reason, condition)
        if not self.features:
            raise ValueError("at least one channel must be a feature")
        return self

    def _check_condition(self, reason: str, condition: Condition) -> None:
        channel = self.channels.get(condition.channel)
        if channel is None:
            raise ValueError(f"when of rule {reason} names channel {condition.channel}, which is not defined")
        if channel.reporting == "on_change":
            raise ValueError(
                f"when of rule {reason} names {condition.channel}, which is sent on change: a context must be"
                " in each message of its subsystem"
            )
        if condition.equals in channel.missing:
            raise ValueError(
                f"when of rule {reason} equals {condition.equals:g}, which is listed in missing of"
                f" {condition.channel}: it never holds"
            )

    def with_rules(self, changed: Mapping[str, Mapping[str, Any]]) -> Self:
        """Return the subsystem with fields of some rules replaced, by reason, or raise `ValidationError`."""
        body = self.model_dump()
        for rule in body["rules"]:
            rule.update(changed.get(rule["reason"], {}))
        return self.model_validate(body)

    @property
    def limits(self) -> tuple[Rule, ...]:
        """Rules that a value alone can break: these start inferences."""
        return tuple(rule for rule in self.rules if rule.kind == "limit")

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the channels that the model sees, in order."""
        return tuple(name for name, channel in self.channels.items() if channel.feature)

    @property
    def detection(self) -> dict[str, Detection]:
        """What counts of the channels that are not judged as usual."""
        settings = {
            name: channel.detection.model_copy(update={"modulo": channel.modulo})
            for name, channel in self.channels.items()
            if channel.feature
        }
        return {name: setting for name, setting in settings.items() if setting != Detection()}


def _check_values(rule: Rule, channel: Channel) -> None:
    """Refuse a rule that no sample of its channel can break, or that means nothing for it."""
    name = rule.channel
    if rule.equals in channel.missing:
        raise ValueError(
            f"rule {rule.reason} equals {rule.equals:g}, which is listed in missing of"
            f" {name}: such a value is not a sample and never breaks a rule"
        )
    if rule.rate is None:
        return
    if channel.kind == "flag":
        raise ValueError(f"rule {rule.reason} is about the rate of {name}, a flag: write change: true")
    if channel.reporting == "on_change":
        raise ValueError(
            f"rule {rule.reason} is about the rate of {name}, which is sent on change: when it was sent does"
            " not tell how fast it moved"
        )
    if channel.kind == "counter" and rule.rate.falls is not None:
        raise ValueError(f"rule {rule.reason}: {name} is a counter, which never falls: write rises alone")


class Window(MissionPart):
    """How many samples of the past one inference sees, and how far back they may lie."""

    length: int = Field(ge=MIN_WINDOW_LENGTH, le=MAX_WINDOW_LENGTH)
    max_span_s: float = Field(gt=0, le=MAX_SPAN_S)
    max_gap_s: float = Field(gt=0)
    live_age_s: float | None = Field(default=None, gt=0)
    """What is older when Kafka receives it is stored telemetry; None: `max_span_s`, which bounds it."""

    def gap_s(self, interval_s: float) -> float:
        """How long a channel of that usual interval may pause."""
        return max(self.max_gap_s, GAP_INTERVALS * interval_s)

    def is_too_rare(self, interval_s: float) -> bool:
        """Tell whether samples so far apart never fill the shortest window that is judged."""
        return interval_s > self.longest_interval_s

    @property
    def longest_interval_s(self) -> float:
        """Between samples that fill the shortest window that is judged."""
        return self.max_span_s / (MIN_WINDOW_LENGTH - 1)

    @property
    def live_s(self) -> float:
        """How old live telemetry may be when Kafka receives it."""
        return min(self.live_age_s or self.max_span_s, self.max_span_s)


def usual_beside(intervals: Sequence[int], place: int) -> int:
    """The usual interval before or behind one, the shorter of both: windows hold one cadence; 0 = unknown."""
    sides = (
        intervals[max(place - GAP_NEIGHBOURS, 0) : place],
        intervals[place + 1 : place + 1 + GAP_NEIGHBOURS],
    )
    return min((sorted(side)[len(side) // 2] for side in sides if side), default=0)


def enough_span_s(interval_s: float) -> float | None:
    """The `max_span_s` that samples so far apart need; None where no mission file may ask for it."""
    span_s = MIN_WINDOW_LENGTH * interval_s
    return span_s if span_s <= MAX_SPAN_S else None


class Periodic(MissionPart):
    """Share of the messages that break no rule and are inferred all the same."""

    share: float = Field(ge=0, le=1)
    reason: Reason = "periodic_check"


class LookAgain(MissionPart):
    """When the periodic check judges every sample set of a subsystem: while it is restless."""

    quiet_steps: int = Field(default=20, ge=1, le=MAX_WINDOW_LENGTH)
    """Samples of a channel without trouble after which it is quiet again: a length at any cadence."""
    added_share: float = Field(default=0.25, ge=0, le=1)
    """Of all sample sets of subsystems, so many are judged for it at most; 0 = never."""


class Model(MissionPart):
    """Model of the Triton repository that judges this mission's telemetry."""

    name: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]*$")]
    version: Annotated[str, StringConstraints(pattern=r"^[0-9]+$")] = "1"


class Mission(MissionPart):
    """A validated mission file: all that the code must know of a satellite."""

    name: Name
    model: Model
    window: Window
    periodic: Periodic
    look_again: LookAgain = LookAgain()
    earliest_time: AwareDatetime = datetime(2000, 1, 1, tzinfo=UTC)
    subsystems: dict[Name, Subsystem] = Field(min_length=1)
    metrics: dict[MetricName, FieldPath] = Field(default={})
    """Series of VictoriaMetrics and the message field of each; `*` stands for every numeric field."""
    limit_sets: dict[Name, LimitSet] = Field(default={}, max_length=MAX_LIMIT_SETS)
    """What else holds of the rules while a satellite uses a set; `default` is none of them."""
    recording: dict[str, Any] | None = None
    """How `telemetry_replay` reads a recording of this mission."""

    @property
    def counters(self) -> dict[str, float]:
        """Modulo of each counter, by `subsystem.channel`."""
        return {
            f"{name}.{channel}": found.modulo
            for name, subsystem in self.subsystems.items()
            for channel, found in subsystem.channels.items()
            if found.modulo is not None
        }

    def fill_values(self, subsystem: str, channel: str) -> tuple[float, ...]:
        """Return what a message's field writes for "none"; nothing where it is no channel."""
        if subsystem not in self.subsystems or channel not in self.subsystems[subsystem].channels:
            return ()
        return self.subsystems[subsystem].channels[channel].missing

    def with_set(self, limit_set: str) -> Self:
        """Return the mission as it holds for satellites that use a set."""
        changed = self.limit_sets.get(limit_set)
        if changed is None:
            return self
        parts = {name: self.subsystems[name].with_rules(rules) for name, rules in changed.items()}
        return self.model_copy(update={"subsystems": {**self.subsystems, **parts}})

    @model_validator(mode="after")
    def _limit_sets_fit_the_rules(self) -> Self:
        if DEFAULT_SET in self.limit_sets:
            raise ValueError(
                f"limit set {DEFAULT_SET} is the rules themselves: change these, or give the set another name"
            )
        for name, changed in self.limit_sets.items():
            for subsystem, rules in changed.items():
                self._check_set(f"limit set {name}", subsystem, rules)
            try:
                self.with_set(name)
            except ValidationError as error:
                told = "; ".join(sentence_of(item) for item in error.errors())
                raise ValueError(f"limit set {name}: {told}") from error
        return self

    def _check_set(self, name: str, subsystem: str, rules: Mapping[str, Mapping[str, Any]]) -> None:
        known = self.subsystems.get(subsystem)
        reasons = {rule.reason for rule in known.rules} if known else set()
        for reason, fields in rules.items():
            if reason not in reasons:
                raise ValueError(f"{name} names rule {reason} of {subsystem}, which is not defined")
            if unknown := [field for field in fields if field not in SET_FIELDS]:
                raise ValueError(
                    f"{name} can't replace {', '.join(unknown)} of {subsystem} {reason}, only"
                    f" {', '.join(SET_FIELDS)}"
                )

    @model_validator(mode="after")
    def _metrics_pair_wildcards(self) -> Self:
        if SATELLITE in self.subsystems:
            raise ValueError(f"no subsystem may be named {SATELLITE}: alarms of the whole satellite bear it")
        for metric, path in self.metrics.items():
            if metric.endswith("*") != path.endswith("*"):
                raise ValueError(f"metric {metric}: * is allowed on both sides or on neither")
        if self.earliest_time.timestamp() < 0:
            raise ValueError("earliest_time must not lie before 1970")
        return self


def sentence_of(item: Mapping[str, Any]) -> str:
    """Say what is wrong with a subsystem's rule, and which field of it: `rules`, its place, the field."""
    field = ".".join(str(part) for part in item["loc"][2:])
    text = str(item["msg"]).removeprefix("Value error, ")
    return f"{field}: {text}" if field else text


def metrics_by_channel(mission: Mission) -> dict[tuple[str, str], str]:
    """Map (subsystem, channel) to its metric; of several the one that the mission file names first."""
    metrics: dict[tuple[str, str], str] = {}
    for metric, path in mission.metrics.items():
        subsystem, _, field = path.partition(".")
        channels = mission.subsystems[subsystem].channels if subsystem in mission.subsystems else ()
        for channel in channels:
            if field in {"*", channel}:
                metrics.setdefault((subsystem, channel), metric.replace("*", channel))
    return metrics
