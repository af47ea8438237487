"""Limit sets: which there are, which satellite uses which, and switching them."""

from typing import Annotated

from fastapi import APIRouter, HTTPException, Query

from operation_server.http.dependencies import ProvidedPool
from operation_server.http.keys import ENGINEER
from operation_server.http.parameters import API_PREFIX, LARGEST_ID, Before, Satellite, Time
from operation_server.http.problems import responses
from operation_server.http.responses import next_cursor
from operation_server.limits.routes import MAX_CHANGES, ProvidedLimits
from operation_server.limits.sets import QUERIES
from operation_server.limits.sets.schemas import (
    LimitSet,
    LimitSets,
    NewSet,
    SatelliteSet,
    SetChange,
    SetChanges,
    SetRule,
)
from operation_server.limits.sets.store import UnknownSatellite, switch_set
from operation_server.limits.store import ChangedMeanwhile
from telemetry_core.contract.rules import DEFAULT_SET
from telemetry_core.limits.changes import LimitRefused, Limits, SetSwitch, rule_of, set_fields
from telemetry_core.postgres.database import transaction
from telemetry_core.postgres.store import select

router = APIRouter(prefix=f"{API_PREFIX}/limit_sets", tags=["limits"])


@router.get("")
def list_limit_sets(followed: ProvidedLimits) -> LimitSets:
    """Return the limit sets of the mission, and which satellite uses which, since when and by whom."""
    limits = followed.limits
    return LimitSets(
        mission=limits.file.name,
        sets=[LimitSet(name=name, rules=_rules(limits, name)) for name in limits.missions],
        satellites=[_satellite(limits, switch) for _, switch in sorted(limits.switches.items())],
    )


@router.get("/changes", responses=responses(422, 503))
def list_limit_set_changes(  # noqa: PLR0913, PLR0917 - its parameters are the route's contract
    pool: ProvidedPool,
    followed: ProvidedLimits,
    satellite_id: Satellite | None = None,
    since: Annotated[Time | None, Query(description="From this time on; without zone it is UTC")] = None,
    before: Before = LARGEST_ID,
    limit: Annotated[int, Query(ge=1, le=MAX_CHANGES)] = 100,
) -> SetChanges:
    """Return who switched limit sets, when and why: of one satellite or of all, newest first."""
    asked = {"satellite_id": satellite_id, "since": since, "before": before, "limit": limit + 1}
    named = {"mission": followed.limits.file.name, "default": DEFAULT_SET}
    with transaction(pool) as connection:
        rows = select(connection, QUERIES["switches_before"], {**named, **asked})
    return SetChanges(
        changes=[SetChange.model_validate(row) for row in rows[:limit]],
        next_cursor=next_cursor(rows, limit),
    )


@router.put("/{satellite_id}", dependencies=[ENGINEER], responses=responses(404, 409, 422, 503))
def put_limit_set(
    pool: ProvidedPool, followed: ProvidedLimits, satellite_id: Satellite, given: NewSet
) -> SatelliteSet:
    """Let a satellite use a limit set, in all services and without a restart; `default` takes it back.

    Of two operators at once one wins, the other is told who did.
    """
    try:
        switch = switch_set(pool, followed.limits.file, satellite_id, given)
    except UnknownSatellite as error:
        raise HTTPException(404, str(error)) from error
    except LimitRefused as error:
        raise HTTPException(422, str(error)) from error
    except ChangedMeanwhile as error:
        raise HTTPException(409, str(error)) from error
    followed.refresh()
    return _satellite(followed.limits, switch)


def _rules(limits: Limits, limit_set: str) -> list[SetRule]:
    """Tell what a set replaces, with the values as they are read: 20 for "20"."""
    found = []
    for subsystem, rules in limits.file.limit_sets.get(limit_set, {}).items():
        for reason in rules:
            name = (subsystem, reason)
            rule = rule_of(limits.missions[limit_set], name)
            assert rule is not None  # noqa: S101 - a mission file whose sets name other rules is refused
            values = rule.model_dump(mode="json", include=set(set_fields(limits.file, limit_set, name)))
            values.pop("switched_off", None)
            found.append(
                SetRule(
                    subsystem=subsystem,
                    reason=reason,
                    channel=rule.channel,
                    unit=limits.file.subsystems[subsystem].channels[rule.channel].unit,
                    fields=values,
                    switched_off=rule.switched_off,
                )
            )
    return found


def _satellite(limits: Limits, switch: SetSwitch) -> SatelliteSet:
    is_known = switch.limit_set in limits.missions
    gone = f"the mission file has no limit set {switch.limit_set}: switch it to another one"
    return SatelliteSet.model_validate(
        {
            **{name: getattr(switch, name) for name in SatelliteSet.model_fields if name != "problem"},
            "problem": None if is_known else gone,
        }
    )
