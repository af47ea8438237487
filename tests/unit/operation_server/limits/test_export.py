"""The mission file with changed limits put in."""

import tempfile
from pathlib import Path
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from operation_server.limits.export import NotExportable, exported
from operation_server.limits.schemas import LimitValues
from telemetry_core.contract.mission import Mission
from telemetry_core.contract.rules import MAX_DELAY_S, MAX_VIOLATIONS, SET_FIELDS, Rule, Severity
from telemetry_core.limits.changes import LimitRefused, require_possible, with_fields
from telemetry_core.service.settings import load_mission

FILE: Final = Path("missions/default.yaml")
TEXT: Final = FILE.read_text(encoding="utf-8")
MISSION: Final = load_mission(FILE)

BLOCKS: Final = """\
# A small mission.
name: small
model: {name: lstm_timeseries}
window: {length: 64, max_span_s: 10000, max_gap_s: 60}
periodic: {share: 0.1}
subsystems:
  eps:  # power
    horizon: 5
    channels:
      soc: {unit: "%"}
      mode: {unit: ""}
    rules:
      # the battery
      - channel: soc
        below: 30  # percent
        reason: low_battery
        log: "Low: {value}"
        when:
          - channel: mode
            equals: 1

      # what must stay
      - {channel: soc, above: 99, reason: full, log: Full}  # behind it
"""


def loaded(text: str) -> Mission:
    """As a service reads it at its start."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "mission.yaml"
        path.write_text(text, encoding="utf-8")
        return load_mission(path)


def test_only_the_line_of_the_changed_rule_differs() -> None:
    changed = with_fields(MISSION, ("thermal", "abnormal_temperature"), {"above": 55, "severity": "warning"})
    text = exported(TEXT, MISSION, changed)
    before, after = TEXT.splitlines(), text.splitlines()
    different = [new for old, new in zip(before, after, strict=True) if old != new]
    line = (
        "      - {channel: obc_temp, reason: abnormal_temperature, log: 'Abnormal temperature: {value}°C',"
        " below: -30, above: 55, severity: warning}"
    )
    assert different == [line]
    assert loaded(text) == changed


def test_without_changes_it_is_the_file() -> None:
    assert exported(TEXT, MISSION, MISSION) == TEXT


def test_a_rule_in_a_block_becomes_a_line_and_the_comments_around_it_stay() -> None:
    file = loaded(BLOCKS)
    changed = with_fields(file, ("eps", "low_battery"), {"below": 22.5})
    changed = with_fields(changed, ("eps", "full"), {"above": 98})
    text = exported(BLOCKS, file, changed)
    assert loaded(text) == changed
    line = (
        "      - {channel: soc, reason: low_battery, log: 'Low: {value}', below: 22.5,"
        " when: [{channel: mode, equals: 1}]}"
    )
    assert text.splitlines()[12:] == [
        "      # the battery",
        line,
        "",
        "      # what must stay",
        "      - {channel: soc, reason: full, log: Full, above: 98}  # behind it",
    ]


def test_a_rule_that_merges_another_mapping_is_written_out() -> None:
    text = BLOCKS.replace("channel: soc\n        below: 30  # percent", "<<: {channel: soc, below: 30}")
    file = loaded(text)
    changed = with_fields(file, ("eps", "low_battery"), {"below": 22.5})
    assert loaded(exported(text, file, changed)) == changed


def test_a_rule_that_two_subsystems_share_is_left_to_be_changed_by_hand() -> None:
    text = BLOCKS.replace("- {channel: soc, above", "- &full {channel: soc, above")
    text += "  aocs: {horizon: 3, channels: {soc: {unit: V}}, rules: [*full]}\n"
    file = loaded(text)
    changed = with_fields(file, ("aocs", "full"), {"above": 98})
    with pytest.raises(NotExportable, match="by hand"):
        exported(text, file, changed)


BOUNDS = st.none() | st.floats(allow_nan=False, allow_infinity=False) | st.integers(-50, 150).map(float)
VALUES = st.fixed_dictionaries(
    {
        "below": BOUNDS,
        "above": BOUNDS,
        "equals": BOUNDS,
        "inclusive": st.booleans(),
        "severity": st.sampled_from([severity.value for severity in Severity]),
        "dead_band": st.floats(0, 100),
        "min_violations": st.integers(0, MAX_VIOLATIONS + 1),
        "min_duration_s": st.floats(-1, MAX_DELAY_S),
        "hold_s": st.floats(0, MAX_DELAY_S),
        "min_clear": st.integers(1, MAX_VIOLATIONS),
        "latching": st.booleans(),
    }
)
RULES = [(name, rule.reason) for name, part in MISSION.subsystems.items() for rule in part.rules]


@given(rule=st.sampled_from(RULES), values=VALUES)
def test_what_the_api_accepts_the_loader_of_mission_files_accepts_too(
    rule: tuple[str, str], values: dict[str, Any]
) -> None:
    try:
        fields = LimitValues.model_validate(values).model_dump(mode="json")
        require_possible(MISSION, rule, fields)
        changed = with_fields(MISSION, rule, fields)
    except (LimitRefused, ValidationError):
        return
    assert loaded(exported(TEXT, MISSION, changed)) == changed


def test_what_can_be_changed_is_all_of_a_rule_but_what_it_is_about() -> None:
    about = {"channel", "reason", "log", "when", "rate", "change"}
    assert set(SET_FIELDS) == set(Rule.model_fields) - about
    # An operator takes an alarm out of service instead.
    assert set(LimitValues.model_fields) == set(SET_FIELDS) - {"switched_off"}
