"""From what the operation server says to what may be an alarm of the platform: pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from alarm_server.platform.route import DEPENDENCY, Fleet, Group, PartState, Pipeline
from alarms.rounds import Sign
from telemetry_core.contract.rules import Severity
from telemetry_core.kafka.stream import ALARM_GROUP, TRIGGER_GROUP, WRITER_GROUP

UNAVAILABLE: Final = "unavailable"
IMPAIRED: Final = "impaired"
ARRIVED: Final = "arrived"
NOT_JUDGED: Final = "not_judged"
RAN_OUT: Final = "ran_out"
_CONSUMERS: Final = {
    TRIGGER_GROUP: "kafka-inference-trigger",
    WRITER_GROUP: "victoria-consumer",
    ALARM_GROUP: "alarm-server",
}
_FAULTS: Final = {"critical": Severity.DISTRESS, "serious": Severity.WARNING}
_PASSING: Final = {"too_few_samples", "not_settled"}
"""Of learning: more telemetry ends it."""
_MOST_NAMED: Final = 10
ARRIVAL_US: Final = 600_000_000
"""So long after the newest dead letter they count as newly arrived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Whether a sign holds now, and what an alarm of it would say."""

    holds: bool
    severity: Severity
    cause: str


Conditions = dict[Sign, Condition]


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrivals:
    """How many dead letters were open, and when their number last grew."""

    count: int | None = None
    grew_us: int | None = None

    def after(self, count: int | None, at_us: int) -> "Arrivals":
        """Return them with one more count; the first one is where counting begins, none changes nothing."""
        if count is None:
            return self
        has_grown = self.count is not None and count > self.count
        return Arrivals(count=count, grew_us=at_us if has_grown else self.grew_us)

    def conditions(self, at_us: int) -> Conditions:
        """Tell whether some arrived lately; unknown before the first count."""
        if self.count is None:
            return {}
        is_new = self.grew_us is not None and at_us - self.grew_us < ARRIVAL_US
        cause = f"{self.count} dead letters are open: check, then redrive or discard them"
        return {("dead_letters", ARRIVED): Condition(holds=is_new, severity=Severity.WATCH, cause=cause)}


def no_answer(why: str) -> Conditions:
    """Without an answer the operation server is the only part that is known to be away."""
    return {(DEPENDENCY, UNAVAILABLE): _unavailable(why, holds=True)}


def conditions_of(pipeline: Pipeline) -> Conditions:
    """Judge the parts; what nobody can tell now is left out."""
    found: Conditions = {(DEPENDENCY, UNAVAILABLE): _unavailable("", holds=False)}
    for name in ("rabbitmq", "triton", "database", "victoria_metrics", "search"):
        part: PartState = getattr(pipeline, name)
        # The search engine's part is off without PostgreSQL too, which knows what waits for it.
        if name != "search" or pipeline.database.state != "off":
            found |= _of_server(name, part)
    for name in ("workers", "verdicts"):
        # Off says that who would tell of them is away.
        found |= _impaired(name, getattr(pipeline, name))
    return found | _of_services(pipeline) | _of_kafka(pipeline)


def _of_server(name: str, part: PartState) -> Conditions:
    away = {(name, UNAVAILABLE): _unavailable(part.detail, holds=part.state == "off")}
    return away | _impaired(name, part)


def _impaired(name: str, part: PartState) -> Conditions:
    """Tell whether a part is at fault: not known of one that does not answer."""
    if part.state == "off":
        return {}
    severity = _FAULTS.get(part.state, Severity.WARNING)
    return {
        (name, IMPAIRED): Condition(holds=part.state in _FAULTS, severity=severity, cause=part.detail),
    }


def _of_kafka(pipeline: Pipeline) -> Conditions:
    kafka = pipeline.kafka
    found: Conditions = {("kafka", UNAVAILABLE): _unavailable(kafka.detail, holds=kafka.state == "off")}
    away = {row.service for row in pipeline.services.services if not row.is_running}
    for group in kafka.groups:
        name = _CONSUMERS.get(group.group)
        if name is not None and name not in away:
            found |= _of_consumer(name, group, kafka.detail)
    # Its state is the worst of its own and its groups': a group at fault hides what else is.
    if not any(group.state in _FAULTS for group in kafka.groups):
        found |= _impaired("kafka", kafka)
    return found


def _of_services(pipeline: Pipeline) -> Conditions:
    detail = pipeline.services.detail
    return {
        (row.service, UNAVAILABLE): _unavailable(detail, holds=not row.is_running)
        for row in pipeline.services.services
    }


def _of_consumer(name: str, group: Group, detail: str) -> Conditions:
    away = {(name, UNAVAILABLE): _unavailable(detail, holds=not group.members)}
    if not group.members:
        return away
    return away | _impaired(name, PartState(state=group.state, detail=detail))


def _unavailable(why: str, *, holds: bool) -> Condition:
    return Condition(holds=holds, severity=Severity.DISTRESS, cause=why)


def not_judged(fleet: Fleet) -> Conditions:
    """Tell whether some satellites get no verdict, and more telemetry would not change it."""
    lacking = list(_lacking(fleet))
    condition = Condition(holds=bool(lacking), severity=Severity.WATCH, cause=_named(lacking))
    return {("satellites", NOT_JUDGED): condition}


def ran_out(fleet: Fleet) -> Conditions:
    """Tell whether some satellites' contact plans are over, and none followed."""
    over = [
        f"{satellite.satellite_id} since {satellite.contact_plan.covered_until:%Y-%m-%d %H:%M} UTC"
        for satellite in fleet.satellites
        if satellite.contact_plan is not None and satellite.contact_plan.has_run_out
    ]
    cause = (
        "without its plan a satellite that is out of contact counts as silent: send the next one, or delete"
        f" the plan of one that has none any more (/api/v1/passes/plan): {_named(over)}"
    )
    condition = Condition(holds=bool(over), severity=Severity.WARNING, cause=cause)
    return {("contact_plans", RAN_OUT): condition}


def _named(lacking: Sequence[str]) -> str:
    rest = f"; and {len(lacking) - _MOST_NAMED} more: see Fleet" if len(lacking) > _MOST_NAMED else ""
    return "; ".join(lacking[:_MOST_NAMED]) + rest


def _lacking(fleet: Fleet) -> Iterator[str]:
    for satellite in fleet.satellites:
        for part in satellite.subsystems:
            if part.rarely_sampled is not None:
                yield f"{satellite.satellite_id} {part.subsystem}: rarely_sampled"
            elif part.learning is not None and part.learning.reason not in _PASSING:
                yield f"{satellite.satellite_id} {part.subsystem}: {part.learning.reason}"


def held(conditions: Mapping[Sign, Condition]) -> dict[Sign, bool]:
    """Return which signs hold."""
    return {sign: condition.holds for sign, condition in conditions.items()}
