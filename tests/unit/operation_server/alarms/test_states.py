import pytest

from alarms.life_cycle import Facts, State, facts_of
from operation_server.alarms.states import ALL_CODES, codes_of, limit_text


def test_each_code_is_of_other_facts_and_of_one_state() -> None:
    assert len({facts_of(code) for code in ALL_CODES}) == len(ALL_CODES) == 128
    assert sorted(code for state in State for code in codes_of({state})) == list(ALL_CODES)


@pytest.mark.parametrize(
    ("code", "facts"),
    [
        (1, Facts(is_standing=True)),
        (2, Facts(is_standing=False, is_acknowledged=True)),
        (4, Facts(is_standing=False, is_latching=True)),
        (8, Facts(is_standing=False, is_reset=True)),
        (17, Facts(is_standing=True, is_shelved=True)),
        (64, Facts(is_standing=False, is_out_of_service=True)),
    ],
)
def test_code_has_the_bits_that_the_view_gives_it(code: int, facts: Facts) -> None:
    assert facts_of(code) == facts


@pytest.mark.parametrize(
    ("limit", "worst", "text"),
    [
        (50.0, 71.5, "above 50"), (3.3, 2.9, "below 3.3"), (0.0, 0.0, "at 0"), (-0.25, -1.0, "below -0.25"),
        (123456.5, 123457.0, "above 123456.5"), (None, 2.0, None), (None, None, None), (50.0, None, None),
    ],
)  # fmt: skip
def test_broken_limit_is_said_as_it_is_written(
    limit: float | None, worst: float | None, text: str | None
) -> None:
    assert limit_text("limit", limit, worst) == limit_text("rate", limit, worst) == text


def test_a_change_says_what_the_value_was() -> None:
    assert limit_text("change", 5.0, 4.0) == limit_text("change", 5.0, 5.0) == "was 5"
