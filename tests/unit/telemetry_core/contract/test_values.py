"""One definition of a number and a storable value, for every edge and sink."""

import json
import math
from typing import Any

import orjson
import pytest
from hypothesis import given

from telemetry_core.contract.values import (
    MAX_FLOAT32,
    MAX_SHOWN_LENGTH,
    Refusal,
    number_of,
    read_stored_json,
    refusal_of,
    shown,
    storable,
)
from telemetry_core.postgres.store import to_json
from tests.hostile import json_values, stored_text


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (12, 12.0),
        (12.5, 12.5),
        ("12.0", 12.0),
        (" -1.5e3 ", -1500.0),
        ("+.5", 0.5),
        ("0", 0.0),
        (-0.0, 0.0),
        (5e-324, 5e-324),
        (1e20, 1e20),
        (2**63, 2.0**63),
        (2**64, 2.0**64),
    ],
)
def test_finite_value_is_a_number_also_as_text(value: object, number: float) -> None:
    assert number_of(value) == number


@pytest.mark.parametrize(
    "value",
    [
        None,
        True,
        False,
        "",
        " ",
        "nan",
        "inf",
        "-Infinity",
        "1_000",
        "0x10",
        "12 V",
        "1,5",
        "١٢",
        "1e999",
        "9" * 65,
        math.nan,
        math.inf,
        1e39,
        -1e39,
        MAX_FLOAT32 * 2,
        10**400,
        "1e39",
        [1.0],
        {"value": 1.0},
        b"1",
    ],
)
def test_anything_else_is_none(value: object) -> None:
    assert number_of(value) is None


@pytest.mark.parametrize(
    ("value", "reason", "text"),
    [
        (None, Refusal.NULL, "null"),
        (True, Refusal.BOOLEAN, "true"),
        (math.nan, Refusal.NOT_FINITE, "NaN"),
        (-math.inf, Refusal.NOT_FINITE, "-Infinity"),
        (1e39, Refusal.TOO_LARGE, "1e+39"),
        (-(10**39), Refusal.TOO_LARGE, "-1" + 39 * "0"),
        (10**400, Refusal.TOO_LARGE, "an integer of 1329 bits"),
        ("1e39", Refusal.TOO_LARGE, "1e39"),
        (-9999, Refusal.FILL_VALUE, "-9999"),
        ("-9999", Refusal.FILL_VALUE, "-9999"),
        ("3.9 V", Refusal.TEXT, "3.9 V"),
        ("NaN", Refusal.TEXT, "NaN"),
        ("9" * 1000, Refusal.TEXT, "9" * 100),
        ("\x00\ud800", Refusal.TEXT, "\ufffd\ufffd"),
        ([1, 2], Refusal.NO_NUMBER, "a list of 2"),
        ({"value": 1}, Refusal.NO_NUMBER, "an object with 1 fields"),
    ],
)
def test_refused_value_is_named_with_its_reason(value: object, reason: Refusal, text: str) -> None:
    assert number_of(value, missing=[-9999]) is None
    assert (refusal_of(value), shown(value)) == (reason, text)


@given(json_values)
def test_any_value_is_a_number_or_refused_with_a_reason_and_shown_in_a_few_characters(value: Any) -> None:
    assert (number_of(value) is None) == (refusal_of(value) is not Refusal.FILL_VALUE)
    text = shown(value)
    assert len(text) <= MAX_SHOWN_LENGTH
    assert "\x00" not in text
    assert text.encode().decode() == text


def test_integer_beyond_53_bits_is_the_nearest_float64() -> None:
    assert number_of(1740788879217424864) == 1740788879217424896.0


@given(json_values)
def test_any_value_of_json_is_storable_and_every_sink_can_write_what_comes_back(value: Any) -> None:
    stored = to_json({"value": value})
    assert stored is not None
    assert "\\u0000" not in stored
    back = read_stored_json(stored_text(stored))
    assert json.loads(orjson.dumps(back)) == back


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        (2**63, 2**63),
        (2**64, 2.0**64),
        (10**400, None),
        (1e20, 1e20),
        ("a\x00b", "a\ufffdb"),
        ("\ud800", "\ufffd"),
        ({"k\x00": [math.inf]}, {"k\ufffd": [None]}),
    ],
)
def test_values_that_jsonb_refuses_are_replaced(value: Any, kept: Any) -> None:
    assert read_stored_json(to_json(storable(value)) or "null") == kept
    assert read_stored_json(to_json(value) or "null") == kept


def test_nesting_without_end_is_cut_off() -> None:
    value: Any = 1
    for _ in range(5_000):
        value = [value]
    assert (to_json(value) or "").count("[") == 65


def test_what_another_hand_nested_without_end_is_read_as_null() -> None:
    assert read_stored_json("[" * 100_000 + "]" * 100_000) is None
