"""The mission file with changed rules put in: every other character stays as it was written."""

from typing import Any, Final

import yaml
from pydantic import ValidationError

from telemetry_core.contract.mission import Mission
from telemetry_core.limits.changes import RuleName, rule_of

_BY_HAND: Final = (
    "rules of this mission file share parts (YAML anchors, aliases or merge keys), so changed ones can't be"
    " put in: write the values that GET /api/v1/limits tells into the file by hand"
)


class NotExportable(Exception):  # noqa: N818 - named for what it says
    """The file is written in a way that a rule of it can't be replaced; the text says what to do."""


def exported(text: str, file: Mission, mission: Mission) -> str:
    """Return the text of a mission file with the rules of `mission` in place of those that differ.

    A rule that was changed is written in one line, without the comments within it. Raises `NotExportable`.
    """
    changed = [name for name in _rules(file) if rule_of(file, name) != rule_of(mission, name)]
    places = _places(text)
    if not places.keys() >= set(changed):
        raise NotExportable(_BY_HAND)
    # From the end on: what lies before a replaced part stays where it is.
    for name in sorted(changed, key=lambda name: places[name][0], reverse=True):
        begin, end = places[name]
        text = f"{text[:begin]}{_line(mission, name)}{text[end:]}"
    if not _says(text, mission):
        raise NotExportable(_BY_HAND)
    return text


def _rules(mission: Mission) -> list[RuleName]:
    return [(name, rule.reason) for name, part in mission.subsystems.items() for rule in part.rules]


def _line(mission: Mission, name: RuleName) -> str:
    rule = rule_of(mission, name)
    assert rule is not None  # noqa: S101 - changes never add or remove rules
    body = _short(rule.model_dump(mode="json", exclude_defaults=True))
    line: str = yaml.safe_dump(
        body, default_flow_style=True, sort_keys=False, allow_unicode=True, width=float("inf")
    )
    return line.strip()


def _short(value: Any) -> Any:
    """Write 30 in place of 30.0, at any depth."""
    if isinstance(value, dict):
        return {key: _short(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_short(inner) for inner in value]
    return int(value) if isinstance(value, float) and value.is_integer() and abs(value) < 1e15 else value


def _places(text: str) -> dict[RuleName, tuple[int, int]]:
    """Find where each rule is written: its first character, and the one behind its last."""
    found: dict[RuleName, tuple[int, int]] = {}
    for subsystem, part in _items(_items_of(yaml.compose(text, Loader=yaml.SafeLoader), "subsystems")):
        for rule in getattr(_items_of(part, "rules"), "value", ()):
            if (reason := _items_of(rule, "reason")) is not None:
                found[subsystem, reason.value] = rule.start_mark.index, _end(text, rule)
    return found


def _items(node: Any) -> list[tuple[str, Any]]:
    return [(key.value, value) for key, value in getattr(node, "value", ())]


def _items_of(node: Any, key: str) -> Any:
    return dict(_items(node)).get(key)


def _end(text: str, node: yaml.Node) -> int:
    """A block ends for YAML where the next part begins: comments and empty lines are not its own."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(text, last[1] if isinstance(last, tuple) else last)
    return len(text[: node.end_mark.index].rstrip())


def _says(text: str, mission: Mission) -> bool:
    try:
        return Mission.model_validate(yaml.safe_load(text)) == mission
    except (yaml.YAMLError, ValidationError):
        return False
