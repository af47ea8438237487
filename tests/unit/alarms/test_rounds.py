"""When a condition stands and when it is over."""

import pytest

from alarms.rounds import ROUNDS, Rounds, Sign

KAFKA = ("kafka", "unavailable")
TRITON = ("triton", "unavailable")


@pytest.mark.parametrize("standing", [set(), {KAFKA}])
def test_what_stands_changes_with_the_third_round_that_says_otherwise(standing: set[Sign]) -> None:
    rounds = Rounds()
    turned = []
    for _ in range(ROUNDS):
        rounds = rounds.after(standing, {KAFKA: KAFKA not in standing})
        turned.append(rounds.turned)

    assert turned == [set(), set(), {KAFKA}]


def test_one_round_as_before_begins_the_count_anew() -> None:
    rounds = Rounds()
    for holds in (True, True, False, True, True):
        rounds = rounds.after(set(), {KAFKA: holds})

    assert not rounds.turned


def test_a_round_that_does_not_see_a_sign_leaves_its_count() -> None:
    rounds = Rounds()
    seen: dict[Sign, bool]
    for seen in ({KAFKA: True}, {KAFKA: True}, {}, {KAFKA: True, TRITON: True}):
        rounds = rounds.after(set(), seen)

    assert rounds.turned == {KAFKA}
