"""The life of an alarm after ISA-18.2: every transition of every state."""

from dataclasses import replace
from itertools import product

import pytest

from alarms.life_cycle import Action, Facts, Refused, State, after, state_of

STANDING = Facts(is_standing=True)
RETURNED = Facts(is_standing=False)
LATCHED = Facts(is_standing=False, is_latching=True)


@pytest.mark.parametrize(
    ("facts", "state"),
    [
        (STANDING, State.UNACKNOWLEDGED),
        (replace(STANDING, is_acknowledged=True), State.ACKNOWLEDGED),
        (RETURNED, State.RETURNED_UNACKNOWLEDGED),
        (replace(RETURNED, is_acknowledged=True), State.NORMAL),
        (LATCHED, State.LATCHED_UNACKNOWLEDGED),
        (replace(LATCHED, is_acknowledged=True), State.LATCHED_ACKNOWLEDGED),
        (replace(LATCHED, is_acknowledged=True, is_reset=True), State.NORMAL),
        (replace(STANDING, is_shelved=True), State.SHELVED),
        (replace(STANDING, is_shelved=True, is_suppressed=True), State.SUPPRESSED),
        (replace(STANDING, is_suppressed=True, is_out_of_service=True), State.OUT_OF_SERVICE),
    ],
)
def test_the_state_follows_from_what_is_known(facts: Facts, state: State) -> None:
    assert state_of(facts) is state


@pytest.mark.parametrize(
    ("facts", "action", "state"),
    [
        (RETURNED, Action.RAISE, State.UNACKNOWLEDGED),
        (STANDING, Action.RETURN, State.RETURNED_UNACKNOWLEDGED),
        (STANDING, Action.ACKNOWLEDGE, State.ACKNOWLEDGED),
        (RETURNED, Action.ACKNOWLEDGE, State.NORMAL),
        (replace(STANDING, is_acknowledged=True), Action.RETURN, State.NORMAL),
        (replace(STANDING, is_latching=True), Action.RETURN, State.LATCHED_UNACKNOWLEDGED),
        (LATCHED, Action.ACKNOWLEDGE, State.LATCHED_ACKNOWLEDGED),
        (replace(LATCHED, is_acknowledged=True), Action.RESET, State.NORMAL),
        (STANDING, Action.SHELVE, State.SHELVED),
        (replace(STANDING, is_shelved=True), Action.UNSHELVE, State.UNACKNOWLEDGED),
        (replace(STANDING, is_shelved=True), Action.EXPIRE, State.UNACKNOWLEDGED),
        (replace(STANDING, is_shelved=True), Action.RETURN, State.SHELVED),
        (STANDING, Action.SUPPRESS, State.SUPPRESSED),
        (replace(STANDING, is_suppressed=True), Action.UNSUPPRESS, State.UNACKNOWLEDGED),
        (STANDING, Action.REMOVE_FROM_SERVICE, State.OUT_OF_SERVICE),
        (replace(STANDING, is_out_of_service=True), Action.RETURN_TO_SERVICE, State.UNACKNOWLEDGED),
    ],
)
def test_an_action_moves_an_alarm(facts: Facts, action: Action, state: State) -> None:
    assert state_of(after(facts, action)) is state


@pytest.mark.parametrize(
    ("facts", "action", "says"),
    [
        (replace(STANDING, is_acknowledged=True), Action.ACKNOWLEDGE, "acknowledged already"),
        (STANDING, Action.RESET, "returns by itself"),
        (replace(STANDING, is_latching=True), Action.RESET, "once it has returned"),
        (LATCHED, Action.RESET, "acknowledge it first"),
        (replace(LATCHED, is_acknowledged=True, is_reset=True), Action.RESET, "reset already"),
        (replace(STANDING, is_shelved=True), Action.SHELVE, "unshelve it first"),
        (STANDING, Action.UNSHELVE, "not shelved"),
        (replace(STANDING, is_out_of_service=True), Action.REMOVE_FROM_SERVICE, "out of service already"),
        (STANDING, Action.RETURN_TO_SERVICE, "in service"),
    ],
)
def test_what_a_state_does_not_allow_is_refused_with_what_to_do(
    facts: Facts, action: Action, says: str
) -> None:
    with pytest.raises(Refused, match=says):
        after(facts, action)


ALL_FACTS = [
    Facts(
        is_standing=standing,
        is_acknowledged=acknowledged,
        is_latching=latching,
        is_reset=reset,
        is_shelved=shelved,
        is_suppressed=suppressed,
        is_out_of_service=removed,
    )
    for standing, acknowledged, latching, reset, shelved, suppressed, removed in product(
        [False, True], repeat=7
    )
]


@pytest.mark.parametrize(
    "action", [Action.RAISE, Action.RETURN, Action.EXPIRE, Action.SUPPRESS, Action.UNSUPPRESS]
)
def test_what_the_platform_does_is_never_refused_and_twice_is_once(action: Action) -> None:
    for facts in ALL_FACTS:
        once = after(facts, action)
        assert after(once, action) == once


def test_every_state_can_be_reached_and_every_one_can_be_left() -> None:
    reached = {state_of(facts) for facts in ALL_FACTS}

    assert reached == set(State)
    for state in State:
        moved = {
            state_of(after(facts, action))
            for facts in ALL_FACTS
            for action in Action
            if state_of(facts) is state and not _is_refused(facts, action)
        }
        assert moved - {state}


def _is_refused(facts: Facts, action: Action) -> bool:
    try:
        after(facts, action)
    except Refused:
        return True
    return False
