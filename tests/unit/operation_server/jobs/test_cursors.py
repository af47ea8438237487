import base64
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from operation_server.jobs.cursors import InvalidCursor, decode_cursor, encode_cursor

MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
JOB_IDS = st.from_regex(r"[!-~][ -~]{0,254}", fullmatch=True)


@given(moment=MOMENTS, job_id=JOB_IDS)
def test_cursor_leads_back_to_its_position(moment: datetime, job_id: str) -> None:
    assert decode_cursor(encode_cursor((moment, job_id))) == (moment, job_id)


def text(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "", "a", "ü", "****", text(b""), text(b"1/"), text(b"/job"), text(b"-1/job"), text(b"1/a\0b"),
        text(b"\xff/job"), text(b"12345678901234567/job"), text("1/\u0000".encode()),
        text("\u0661/job".encode()), text(b"1/" + b"a" * 256),
        encode_cursor((datetime(2026, 1, 1, tzinfo=UTC), "a")) + "\n",
    ],
)  # fmt: skip
def test_text_that_is_no_cursor_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidCursor, match="is no cursor"):
        decode_cursor(cursor)


@given(cursor=st.text())
def test_any_other_text_is_refused_or_a_position(cursor: str) -> None:
    try:
        position = decode_cursor(cursor)
    except InvalidCursor:
        return
    assert decode_cursor(encode_cursor(position)) == position
