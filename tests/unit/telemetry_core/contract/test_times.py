"""One definition of a time, in every form that telemetry writes it in."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry_core.contract.values import (
    parse_time,
)

INSTANT = datetime(2026, 11, 28, 8, 56, 18, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-28T08:56:18Z",
        "2026-11-28t08:56:18z",
        "2026-11-28 08:56:18+00:00",
        "2026-11-28T08:56:18+00",
        "2026-11-28T08:56:18+0000",
        "20261128T085618Z",
        "20261128T105618+0200",
        "2026-332T08:56:18Z",
        "2026332T085618Z",
        "2026-11-28T03:56:18-05:00",
        "2026-11-28T08:56:18.0Z",
        "2026-11-28T08:56:18,000Z",
        "2026-11-28T08:56:18.000000000Z",
        "2026-11-28T08:56:18.000000999Z",
        "2026-332 08:56:18+00",
        "20261128 085618+00",
        "2026332T08:56:18Z",
        "20261128T08:56:18Z",
        "2026-11-28 17:56:18+09",
        "2026-11-28 17:24:50+08:28:32",
        "2026-11-28T08:56:18-00:00",
        "2026-11-28T085618.000Z",
    ],
)
def test_every_form_of_one_instant_is_that_instant(text: str) -> None:
    assert parse_time(text) == INSTANT


@pytest.mark.parametrize("digits", range(1, 10))
def test_one_to_nine_digits_of_a_second_are_read(digits: int) -> None:
    fraction = "123456789"[:digits]
    expected = int(fraction[:6].ljust(6, "0"))
    assert parse_time(f"2026-11-28T08:56:18.{fraction}Z").microsecond == expected


@pytest.mark.parametrize(
    "text", ["2016-12-31T23:59:60Z", "20161231T235960Z", "2016-366T23:59:60Z", "2017-01-01T00:59:60+01:00"]
)
def test_leap_second_is_the_instant_of_the_next_second(text: str) -> None:
    assert parse_time(text) == datetime(2017, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "time",
    ["T24:00:00Z", " 24:00:00Z", "T24:00Z", "T24Z", "T240000Z", "T2400+00", "T24:00:00.000Z", "t24:00:00z",
     "T24:00:00,0Z", "T24:00:00+00:00"],
)  # fmt: skip
def test_hour_24_is_midnight_of_the_next_day(time: str) -> None:
    assert parse_time(f"2026-12-31{time}") == datetime(2027, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-28T24:00:01Z",
        "2026-11-28T24:01:00Z",
        "2026-11-28T24:00:00.1Z",
        "2026-11-28T24:00:00.0000001Z",
        "2026-11-28T24:00:60Z",
        "2026-11-28T25:00:00Z",
        "9999-12-31T24:00:00Z",
        "",
        "now",
        "1764320178",
        "2026-11-28",
        "2026-11-28T08:56:18",
        "2026-13-01T00:00:00Z",
        "2026-02-30T00:00:00Z",
        "2026-366T00:00:00Z",
        "2026-000T00:00:00Z",
        "0000-001T00:00:00Z",
        "2026-11-28T08:56:61Z",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59-14:00",
        "9999-12-31T23:59:60Z",
        "2026-11-28T08:56:18Zjunk",
        "\uff12\uff10\uff12\uff16-11-28T08:56:18Z",
        "2026-11-28T08:56:18Z\x00",
        "\ud800",
        "-2026-11-28T08:56:18Z",
        "20261-11-28T00:00:00Z",
        "2026-11-28x08:56:18Z",
        "2026-11-28T08:5618Z",
        "2026-11-28T0856:18Z",
        "2026-1128T08:56:18Z",
        "2026-11-28T08:56:18.Z",
        "2026-11-28T08:56.5Z",
        "2026-11-28T08:56:18 Z",
        " 2026-11-28T08:56:18Z",
        "2026-11-28T08:56:18Z\n",
        "2026-11-28T08:56:18+24:00",
        "2026-11-28T08:56:18+00:60",
        "2026-11-28T08:56:18+9",
        "2026-11-28T08:60:00Z",
        "2026-W48-6T08:56:18Z",
        "26-11-28T08:56:18Z",
        "infinity",
    ],
)
def test_time_without_an_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"a time is written as 2026-11-28T|between the years 1 and 9999"):
        parse_time(text)


@pytest.mark.parametrize(
    "text", ["2026-11-28", "20261128", "2026-332", "2026332", "2026-11-28 00:00", "2026-11-28T00"]
)
def test_time_without_an_offset_is_that_of_the_zone_or_refused_for_it(text: str) -> None:
    assert parse_time(text, zone=UTC) == datetime(2026, 11, 28, tzinfo=UTC)
    assert parse_time(text, zone=timezone(timedelta(hours=9))) == datetime(2026, 11, 27, 15, tzinfo=UTC)
    with pytest.raises(ValueError, match="the offset from UTC is missing"):
        parse_time(text)


INSTANTS = st.datetimes(datetime(2, 1, 1), datetime(9998, 12, 31))  # noqa: DTZ001 - hypothesis adds the zone
OFFSETS = st.timedeltas(timedelta(hours=-23, minutes=-59), timedelta(hours=23, minutes=59))


@given(
    moment=INSTANTS,
    offset=OFFSETS,
    date=st.sampled_from(["%m-%d", "%j"]),
    is_basic=st.tuples(st.booleans(), st.booleans(), st.booleans()),
    joint=st.sampled_from("Tt "),
    digits=st.text("0123456789", min_size=1, max_size=9),
    mark=st.sampled_from(".,"),
)
def test_any_instant_is_read_from_every_form_of_it(
    moment: datetime,
    offset: timedelta,
    date: str,
    is_basic: tuple[bool, bool, bool],
    joint: str,
    digits: str,
    mark: str,
) -> None:
    offset -= timedelta(microseconds=offset.microseconds)
    day, clock, zone = (
        form.replace("-" if place == 0 else ":", "") if is_basic[place] else form
        for place, form in enumerate((f"-{date}", "%H:%M:%S", _offset_text(offset)))
    )
    text = f"{moment.year:04d}{moment:{day}}{joint}{moment:{clock}}{mark}{digits}{zone}"
    expected = moment.replace(microsecond=int(digits[:6].ljust(6, "0")), tzinfo=UTC) - offset
    assert parse_time(text) == expected


def _offset_text(offset: timedelta) -> str:
    seconds = int(abs(offset).total_seconds())
    text = f"{'-' if offset < timedelta() else '+'}{seconds // 3600:02d}:{seconds // 60 % 60:02d}"
    return f"{text}:{seconds % 60:02d}" if seconds % 60 else text


@given(INSTANTS, st.sampled_from(["Z", "+00", "+0000", "+00:00"]))
def test_leap_second_is_the_next_seconds_beginning(moment: datetime, zone: str) -> None:
    minute = moment.replace(second=0, microsecond=0)
    leap, following = f"{minute:%Y-%m-%dT%H:%M}:60{zone}", minute + timedelta(minutes=1)
    assert parse_time(f"{minute.year:04d}{leap[leap.index('-') :]}") == following.replace(tzinfo=UTC)


@given(st.text() | st.from_regex(r"[0-9TZ:.,+ -]{8,40}", fullmatch=True))
def test_any_text_is_a_time_or_a_value_error(text: str) -> None:
    try:
        assert parse_time(text).utcoffset() is not None
    except ValueError:
        return
