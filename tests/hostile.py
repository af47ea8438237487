"""Generators of what a sender, a client or another release may hand in: shared by properties and fuzzing."""

import json
from decimal import Decimal
from typing import Any, Final

from hypothesis import strategies as st

HOSTILE_NUMBERS: Final = (
    1e20, 1e39, -1e39, 5e-324, -0.0, float("nan"), float("inf"), float("-inf"),
    2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, 2**64, -(2**63) - 1, 10**20, 10**309, 10**400,
)  # fmt: skip
HOSTILE_TEXTS: Final = ("", "\x00", "\ud800", "12.0", "NaN", "\u202e", "' OR 1=1 --", "x" * 300, "한국어")

numbers = st.one_of(st.sampled_from(HOSTILE_NUMBERS), st.integers(), st.floats())
texts = st.one_of(st.sampled_from(HOSTILE_TEXTS), st.text(st.characters(), max_size=20))
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | numbers | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)


def stored_text(encoded: str) -> str:
    """Write JSON as jsonb gives it back: numbers in full decimal digits, without an exponent."""

    def written(value: Any) -> str:
        if isinstance(value, dict):
            return "{" + ", ".join(f"{json.dumps(key)}: {written(item)}" for key, item in value.items()) + "}"
        if isinstance(value, list):
            return "[" + ", ".join(map(written, value)) + "]"
        return format(Decimal(repr(value)), "f") if isinstance(value, float) else json.dumps(value)

    return written(json.loads(encoded))
