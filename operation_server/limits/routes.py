"""Limits: which are in force, what operators change of them, and the mission file that comes of it."""

from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, HTTPException, Query, Response

from operation_server.http.dependencies import ProvidedPool, Slot
from operation_server.http.parameters import API_PREFIX, LARGEST_ID, Before, Time
from operation_server.http.problems import responses
from operation_server.http.responses import next_cursor
from operation_server.limits import QUERIES
from operation_server.limits.export import NotExportable, exported
from operation_server.limits.following import FollowedLimits
from operation_server.limits.schemas import (
    ChangeStep,
    Limit,
    LimitChange,
    LimitChanges,
    LimitList,
    LimitValues,
    NewLimit,
    RuleChange,
    UnfitChange,
)
from operation_server.limits.store import ChangedMeanwhile, change_limit
from telemetry_core.contract.mission import Mission
from telemetry_core.contract.rules import Name, Reason, Rule
from telemetry_core.limits.changes import LimitRefused, Limits, RuleName, rule_of
from telemetry_core.postgres.database import transaction
from telemetry_core.postgres.store import Row, select

router = APIRouter(prefix=f"{API_PREFIX}/limits", tags=["limits"])

LIMITS: Final = Slot[FollowedLimits]("limits")
ProvidedLimits = Annotated[FollowedLimits, Depends(LIMITS)]

MAX_CHANGES: Final = 500
_MISSION_FILE: Final[dict[int | str, dict[str, Any]]] = {
    200: {"content": {"application/yaml": {"schema": {"type": "object"}}}}
}


@router.get("")
def list_limits(followed: ProvidedLimits) -> LimitList:
    """Return all limits as they are in force, beside what the mission file says."""
    limits = followed.limits
    return LimitList(
        mission=limits.file.name,
        limits=[
            _limit(limits, (name, rule.reason))
            for name, subsystem in limits.file.subsystems.items()
            for rule in subsystem.rules
        ],
        unfit=[
            UnfitChange.model_validate({**_columns(limits, name), "problem": problem})
            for name, problem in limits.unfit.items()
        ],
    )


@router.get("/changes", responses=responses(422, 503))
def list_limit_changes(  # noqa: PLR0913, PLR0917 - its parameters are the route's contract
    pool: ProvidedPool,
    followed: ProvidedLimits,
    subsystem: Name | None = None,
    reason: Reason | None = None,
    since: Annotated[Time | None, Query(description="From this time on; without zone it is UTC")] = None,
    before: Before = LARGEST_ID,
    limit: Annotated[int, Query(ge=1, le=MAX_CHANGES)] = 100,
) -> LimitChanges:
    """Return who changed limits, when and why: of one rule or of all, newest first."""
    file = followed.limits.file
    asked = {"subsystem": subsystem, "reason": reason, "since": since, "before": before, "limit": limit + 1}
    with transaction(pool) as connection:
        rows = select(connection, QUERIES["changes_before"], {"mission": file.name, **asked})
    return LimitChanges(
        changes=[_step(file, row) for row in rows[:limit]],
        next_cursor=next_cursor(rows, limit),
    )


@router.get("/mission.yaml", responses=responses(409) | _MISSION_FILE, response_class=Response)
def export_mission_file(followed: ProvidedLimits) -> Response:
    """Return the mission file with the changed limits put in: `MISSION_FILE` of the next start."""
    limits = followed.limits
    try:
        text = exported(followed.text, limits.file, limits.mission)
    except NotExportable as error:
        raise HTTPException(409, str(error)) from error
    named = {"Content-Disposition": f'attachment; filename="{limits.file.name}.yaml"'}
    return Response(text, media_type="application/yaml", headers=named)


@router.put("/{subsystem}/{reason}", responses=responses(404, 409, 422, 503))
def put_limit(
    pool: ProvidedPool, followed: ProvidedLimits, subsystem: Name, reason: Reason, given: NewLimit
) -> Limit:
    """Change a limit for all services, without a restart; the mission file's values put it back.

    Of two operators at once one wins, the other is told who did.
    """
    name = (subsystem, reason)
    file = followed.limits.file
    rule = rule_of(file, name)
    if rule is None:
        raise HTTPException(404, f"The mission has no rule {reason} of {subsystem}")
    written = _values(rule)
    wanted = given.values.model_dump(mode="json")
    fields = {field: value for field, value in wanted.items() if value != written[field]}
    try:
        change_limit(pool, file, name, fields, given)
    except LimitRefused as error:
        raise HTTPException(422, str(error)) from error
    except ChangedMeanwhile as error:
        raise HTTPException(409, str(error)) from error
    followed.refresh()
    return _limit(followed.limits, name)


def _step(file: Mission, row: Row) -> ChangeStep:
    """Add the values before and after a change; those of the file of now where it changed none."""
    rule = rule_of(file, (row["subsystem"], row["reason"]))
    written = _values(rule) if rule else {}
    old, new = written | row["fields_before"], written | row["fields"]
    changed = [field for field in LimitValues.model_fields if old.get(field) != new.get(field)]
    return ChangeStep.model_validate(
        {
            **row,
            "old": {field: old.get(field) for field in changed},
            "new": {field: new.get(field) for field in changed},
        }
    )


def _values(rule: Rule) -> dict[str, Any]:
    return LimitValues.model_validate(rule, from_attributes=True).model_dump(mode="json")


def _limit(limits: Limits, name: RuleName) -> Limit:
    file, in_force = rule_of(limits.file, name), rule_of(limits.mission, name)
    assert file is not None  # noqa: S101 - the caller has it from the file
    change = limits.changes.get(name)
    return Limit(
        subsystem=name[0],
        reason=name[1],
        channel=file.channel,
        unit=limits.file.subsystems[name[0]].channels[file.channel].unit,
        kind=file.kind,
        rate=file.rate,
        is_contextual=file.is_contextual,
        in_force=LimitValues.model_validate(in_force, from_attributes=True),
        file=LimitValues.model_validate(file, from_attributes=True),
        version=change.version if change else 0,
        change=LimitChange.model_validate(change, from_attributes=True) if change else None,
    )


def _columns(limits: Limits, name: RuleName) -> dict[str, object]:
    return RuleChange.model_validate(limits.changes[name], from_attributes=True).model_dump()
