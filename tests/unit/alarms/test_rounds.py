"""When a condition stands and when it is over."""

import pytest

from alarms.rounds import ROUNDS, Rounds, Sign, Turn

KAFKA = ("kafka", "unavailable")
TRITON = ("triton", "unavailable")


def after(rounds: Rounds, *seen: dict[Sign, bool]) -> Rounds:
    """One round a second, the first at second 1."""
    for at_us, one in enumerate(seen, start=1):
        rounds = rounds.after(one, at_us * 1_000_000)
    return rounds


@pytest.mark.parametrize("standing", [frozenset(), frozenset({KAFKA})])
def test_what_stands_changes_with_the_third_round_that_says_otherwise(standing: frozenset[Sign]) -> None:
    rounds = Rounds(standing=standing)
    otherwise = {KAFKA: KAFKA not in standing}
    assert after(rounds, *[otherwise] * (ROUNDS - 1)).turns == ()

    turned = after(rounds, *[otherwise] * (ROUNDS + 5))

    turn = Turn(sign=KAFKA, stands=otherwise[KAFKA], since_us=1_000_000, at_us=ROUNDS * 1_000_000)
    assert turned.turns == (turn,)
    assert turned.standing == standing ^ {KAFKA}


def test_while_parts_are_starting_nothing_begins_to_stand_and_what_stands_may_end() -> None:
    rounds = Rounds(standing=frozenset({TRITON}))
    for at_us in range(ROUNDS + 5):
        rounds = rounds.after({KAFKA: True, TRITON: False}, at_us, is_starting=True)
    assert [(turn.sign, turn.stands) for turn in rounds.turns] == [(TRITON, False)]

    (_, turn) = rounds.after({KAFKA: True}, 60_000_000).turns
    assert (turn.sign, turn.since_us, turn.at_us) == (KAFKA, 0, 60_000_000)


def test_one_round_as_before_begins_the_count_anew() -> None:
    seen = [{KAFKA: holds} for holds in (True, True, False, True, True)]
    assert after(Rounds(), *seen).turns == ()


def test_a_round_that_does_not_see_a_sign_leaves_its_count_and_its_begin() -> None:
    (turn,) = after(Rounds(), {KAFKA: True}, {KAFKA: True}, {}, {KAFKA: True, TRITON: True}).turns
    assert (turn.sign, turn.since_us, turn.at_us) == (KAFKA, 1_000_000, 4_000_000)


def test_turns_that_could_not_be_stored_wait_in_their_order() -> None:
    turns = after(Rounds(), *[{KAFKA: True}] * ROUNDS, *[{KAFKA: False}] * ROUNDS).turns
    assert [turn.stands for turn in turns] == [True, False]


def test_what_another_service_changed_is_counted_anew() -> None:
    rounds = after(Rounds(), {KAFKA: True, TRITON: True}, {KAFKA: True, TRITON: True}).stored([KAFKA])
    (turn,) = after(rounds, {KAFKA: True, TRITON: True}).turns
    assert turn.sign == TRITON
