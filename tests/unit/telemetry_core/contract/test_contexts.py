"""In which context a rule is compared, and which contexts a mission file may name."""

import math

import pytest
from pydantic import ValidationError

from telemetry_core.contract.mission import Mission
from telemetry_core.contract.rules import Condition
from tests.unit.telemetry_core.contract.test_mission import changed, rule

MODE = {"channel": "mode", "equals": 2}


def mission_with(when: object, **mode: object) -> Mission:
    body = changed("subsystems", "eps", "channels", "mode", to={"unit": "1"} | mode)
    body["subsystems"]["eps"]["rules"][0]["when"] = when
    return Mission.model_validate(body)


@pytest.mark.parametrize(
    ("condition", "held"),
    [({"below": 2}, [1]), ({"above": 2}, [3]), ({"equals": 2}, [2])],
)
def test_a_bound_itself_is_not_beyond_it(condition: dict[str, float], held: list[float]) -> None:
    subject = Condition.model_validate({"channel": "mode"} | condition)

    assert [value for value in (1, 2, 3) if subject.holds(value)] == held
    assert subject.holds(math.nan) is None


@pytest.mark.parametrize(
    ("mode", "sunlit", "is_in_context"),
    [
        (2, 1, True),
        (2, 0, False),
        (3, 1, False),
        (2, math.nan, None),
        (math.nan, 1, None),
        (3, math.nan, False),
        (math.nan, 0, False),
    ],
)
def test_all_conditions_must_hold_and_one_that_fails_decides(
    *, mode: float, sunlit: float, is_in_context: bool | None
) -> None:
    subject = rule(below=30).model_copy(
        update={"when": (Condition(channel="mode", equals=2), Condition(channel="sunlit", above=0.5))}
    )

    assert subject.is_in_context({"mode": mode, "sunlit": sunlit}) is is_in_context


def test_a_rule_without_a_context_is_always_compared() -> None:
    assert rule(below=30).is_in_context({}) is True
    assert not rule(below=30).is_contextual
    assert mission_with([MODE]).subsystems["eps"].rules[0].is_contextual


@pytest.mark.parametrize(
    ("when", "sentence"),
    [
        ([{"channel": "mode"}], "exactly one of below, above, equals"),
        ([{"channel": "mode", "below": 3, "above": 1}], "exactly one of below, above, equals"),
        ([{"channel": "phase", "equals": 2}], "when of rule low names channel phase, which is not defined"),
        ([{"channel": "mode", "equals": math.nan}], "finite"),
        ([MODE] * 17, "at most 16"),
    ],
)
def test_a_context_that_says_nothing_is_refused(when: object, sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        mission_with(when)


@pytest.mark.parametrize(
    ("mode", "sentence"),
    [
        ({"reporting": "on_change"}, "when of rule low names mode, which is sent on change"),
        ({"missing": [2]}, "when of rule low equals 2, which is listed in missing of mode: it never holds"),
    ],
)
def test_a_context_that_messages_do_not_tell_is_refused(mode: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        mission_with([MODE], **mode)
