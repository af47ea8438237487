"""What alerts call the states, kinds and severities of alarms."""

import re

import pytest

from alarms.life_cycle import Facts, facts_of
from operation_server.alarms.states import ALL_CODES
from operation_server.alerts.states import alert_state, codes_of, severity_of, suppression_of
from operation_server.alerts.store import ALERT_ID_PATTERN
from telemetry_core.contract.rules import Severity


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (Facts(is_standing=True), "unacknowledged"),
        (Facts(is_standing=True, is_acknowledged=True), "acknowledged"),
        (Facts(is_standing=False), "returned"),
        (Facts(is_standing=False, is_acknowledged=True), "cleared"),
        (Facts(is_standing=False, is_latching=True), "unacknowledged"),
        (Facts(is_standing=False, is_latching=True, is_acknowledged=True), "acknowledged"),
        (Facts(is_standing=False, is_latching=True, is_acknowledged=True, is_reset=True), "cleared"),
        (Facts(is_standing=True, is_shelved=True), "unacknowledged"),
        (Facts(is_standing=False, is_out_of_service=True, is_acknowledged=True), "cleared"),
    ],
)
def test_a_state_is_that_beneath_what_hides_it_and_a_latched_alarm_is_open(facts: Facts, state: str) -> None:
    assert alert_state(facts) == state


def test_what_hides_an_alert_is_told_beside_its_state() -> None:
    told = {
        suppression_of(Facts(is_standing=True, **{hidden: True}))
        for hidden in ("is_shelved", "is_suppressed", "is_out_of_service")
    }
    assert told == {"shelved", "suppressed_by_design", "out_of_service"}
    assert suppression_of(Facts(is_standing=True)) is None


def test_each_value_of_the_facts_has_one_state() -> None:
    states = ("unacknowledged", "acknowledged", "returned", "cleared")
    codes = {state: codes_of([state]) for state in states}  # type: ignore[list-item]
    assert sorted(code for found in codes.values() for code in found) == list(ALL_CODES)
    assert all(alert_state(facts_of(code)) == state for state, found in codes.items() for code in found)


def test_only_the_two_worst_severities_are_critical() -> None:
    assert [severity for severity in Severity if severity_of(severity) == "critical"] == [
        Severity.CRITICAL,
        Severity.SEVERE,
    ]


@pytest.mark.parametrize("satellite", ["SAT-001", "A..b.c", "x_1"])
def test_only_the_last_part_of_an_alert_id_holds_dots(satellite: str) -> None:
    match = re.fullmatch(ALERT_ID_PATTERN, f"eps.low_battery.1795607703402.{satellite}")
    assert match is not None
    assert match.groups() == ("eps", "low_battery", "1795607703402", satellite)


@pytest.mark.parametrize("text", ["", "eps", "eps.anomaly.x.SAT", "eps.anomaly.1.S/2", "eps.anomaly.1.S\n"])
def test_what_is_no_alert_id_is_refused(text: str) -> None:
    assert re.fullmatch(ALERT_ID_PATTERN, text) is None
