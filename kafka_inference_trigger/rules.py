"""Which sample sets are judged, and why: pure, so that a redelivery decides the same."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b

from kafka_inference_trigger.windows.sample_sets import SampleSet
from telemetry_core.contract.mission import Mission
from telemetry_core.contract.rules import Rule


@dataclass(frozen=True, slots=True, kw_only=True)
class Breach:
    """A rule that a sample set breaks, and the value that does."""

    subsystem: str
    rule: Rule
    value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Which subsystems of a sample set are judged, and why."""

    #: In the mission's order, the periodic check alone.
    reasons: Sequence[str]
    #: How the log says what broke a rule.
    log_lines: Sequence[str]
    subsystems: Sequence[str]
    #: Where only restless subsystems are judged: those, each with a channel for whose sake.
    restless: Mapping[str, str]


def demand_of(mission: Mission, sample_set: SampleSet) -> Demand | None:
    """Judge all of a sample set that breaks a rule or is drawn, else `added_share` of what is restless."""
    every = tuple(sample_set.samples)
    if broken := list(breaches(mission, sample_set.samples)):
        return Demand(
            reasons=[breach.rule.reason for breach in broken],
            log_lines=[
                breach.rule.log.replace("{value}", f"{breach.value:.6g}")
                for breach in broken
                if breach.rule.log
            ],
            subsystems=every,
            restless={},
        )
    share, identity = mission.periodic.share, (sample_set.satellite_id, sample_set.generated_us)
    if is_periodic(*identity, share):
        return Demand(reasons=[mission.periodic.reason], log_lines=[], subsystems=every, restless={})
    restless = sample_set.restless
    if restless and is_periodic(*identity, share + sample_set.added_share):
        return Demand(
            reasons=[mission.periodic.reason], log_lines=[], subsystems=tuple(restless), restless=restless
        )
    return None


def breaches(mission: Mission, samples: Mapping[str, Iterable[float]]) -> Iterator[Breach]:
    """Yield the rules that a sample set breaks, in order; values are in channel order, NaN breaks none.

    Nothing breaks a rule outside its context.
    """
    for name, subsystem in mission.subsystems.items():
        if name not in samples:
            continue
        values = dict(zip(subsystem.channels, samples[name], strict=True))
        for rule in subsystem.limits:
            value = float(values[rule.channel])
            if rule.is_in_context(values) and rule.is_breached(value):
                yield Breach(subsystem=name, rule=rule, value=value)


def is_periodic(satellite_id: str, generated_us: int, share: float) -> bool:
    """Draw `share` of all sample sets by a hash of their identity, so that every reader draws the same."""
    digest = blake2b(f"{satellite_id}:{generated_us}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "big") < share * 2**64
