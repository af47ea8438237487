"""The hand-over report over a real PostgreSQL: everything that the next shift must know, each thing once."""

from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from telemetry_core.postgres.database import transaction
from tests.integration.api.alarms.rows import act, done, raised
from tests.integration.api.calls import get, problem
from tests.integration.api.shift.test_entries import write
from tests.integration.servers.running_api import RunningApi

pytestmark = pytest.mark.integration

REPORT = "/api/v1/shift/report"
PLATFORM: dict[str, Any] = {
    "satellite_id": "platform", "subsystem": "triton", "reason": "unavailable", "kind": "platform",
    "channel": None, "value": None, "worst_value": None, "limit_value": None,
}  # fmt: skip


def report(api: RunningApi, **query: Any) -> dict[str, Any]:
    return done(get(api, REPORT, **query), 200)


def ids(found: dict[str, Any], name: str) -> list[str]:
    return [alarm["alarm_id"] for alarm in found[name]["alarms"]]


def test_each_alarm_is_where_its_state_puts_it(api: RunningApi) -> None:
    now = datetime.now(UTC)
    long_ago: dict[str, Any] = {"start": now - timedelta(days=3), "noticed_at": now - timedelta(days=3)}
    old = raised(api.pool, reason="old", **long_ago)
    over = raised(api.pool, 1, returned=2, reason="over", **long_ago)
    gone = raised(api.pool, 2, returned=3, reason="gone", **long_ago)
    hidden = raised(api.pool, 3, reason="hidden", **long_ago)
    broken = raised(api.pool, 4, reason="broken_sensor", **long_ago)
    raised(api.pool, 4, reason="withdrawn", is_withdrawn=True, start=now)
    new = raised(api.pool, 5, start=now - timedelta(hours=1))
    part = raised(api.pool, 6, returned=60, start=now - timedelta(hours=1), **PLATFORM)
    raised(api.pool, 7, returned=60, **long_ago, **PLATFORM)
    done(act(api, f"{gone}/acknowledgements"))
    done(act(api, f"{old}/acknowledgements"))
    done(act(api, f"{hidden}/shelves", minutes=30))
    done(act(api, f"{broken}/out_of_service"))

    found = report(api)

    assert (ids(found, "raised"), ids(found, "platform")) == ([new], [part])
    assert (ids(found, "standing"), ids(found, "returned")) == ([new, old], [over])
    assert [(one["reason"], one["operator"]) for one in found["shelved"]] == [("hidden", "Ada")]
    assert datetime.fromisoformat(found["shelved"][0]["until"]) > now
    assert [(one["reason"], one["until"]) for one in found["out_of_service"]] == [("broken_sensor", None)]
    assert [(one["kind"], one["count"]) for one in found["raised_by_severity"]] == [
        ("limit", 1), ("platform", 1),
    ]  # fmt: skip
    assert found["attention"]["count"] == 4  # two are parts of the platform that returned
    assert datetime.fromisoformat(found["end_time"]) - datetime.fromisoformat(found["start_time"]) == (
        timedelta(hours=8)
    )


def test_log_of_the_span_stands_in_its_order_with_what_was_corrected(api: RunningApi) -> None:
    first = done(write(api, "one"))
    second = done(write(api, "two", corrects=first["id"]))
    assert [(one["text"], one["corrected_by"]) for one in report(api)["entries"]] == [
        ("one", second["id"]), ("two", None),
    ]  # fmt: skip
    before = (datetime.fromisoformat(first["at"]) - timedelta(seconds=1)).isoformat()
    earlier = (datetime.fromisoformat(first["at"]) - timedelta(hours=1)).isoformat()
    assert report(api, start_time=earlier, end_time=before)["entries"] == []


def test_satellite_that_is_silent_is_named_with_its_last_contact(api: RunningApi) -> None:
    heard = datetime.now(UTC).timestamp()
    api.victoria.contacts |= {"SAT-001": heard, "SAT-002": heard - 3600}
    found = report(api)
    assert [one["satellite_id"] for one in found["silent"]] == ["SAT-002"]
    assert datetime.fromisoformat(found["silent"][0]["last_contact"]).timestamp() == pytest.approx(
        heard - 3600, abs=0.001
    )


def test_lists_say_where_they_end(api: RunningApi) -> None:
    now = datetime.now(UTC)
    for number in range(101):
        raised(api.pool, number, start=now - timedelta(hours=1), reason=f"reason_{number}")
    found = report(api)
    for name in ("raised", "standing"):
        assert (len(found[name]["alarms"]), found[name]["is_truncated"]) == (100, True)
    assert sum(one["count"] for one in found["raised_by_severity"]) == 101
    assert found["returned"] == {"alarms": [], "is_truncated": False}


def test_markdown_tells_the_same_and_takes_no_words_for_markup(api: RunningApi) -> None:
    now = datetime.now(UTC)
    raised(api.pool, 0, start=now - timedelta(hours=1))
    done(write(api, "# <script>alert(1)</script>\n| `x` | [a](http://b) |"))
    answer = get(api, f"{REPORT}.md")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/markdown; charset=utf-8")
    assert "\\# \\<script\\>alert(1)\\</script\\> / \\| \\`x\\` \\| \\[a\\](http://b) \\|" in answer.text
    assert "| critical | SAT-001 eps low\\_battery | unacknowledged |" in answer.text
    assert answer.text.count("\n## ") == 15


def test_pdf_tells_the_same_under_a_name_of_its_time(api: RunningApi) -> None:
    now = datetime.now(UTC)
    raised(api.pool, 0, start=now - timedelta(hours=1))
    done(write(api, "김민준 <b>left</b> the heater on"))
    answer = get(api, f"{REPORT}.pdf", end_time="2026-01-02T06:00:00Z")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/pdf")
    assert answer.headers["Content-Disposition"] == 'inline; filename="hand-over-2026-01-02T0600Z.pdf"'
    pages = PdfReader(BytesIO(get(api, f"{REPORT}.pdf").content)).pages
    text = " ".join(" ".join(page.extract_text() for page in pages).split())
    assert "김민준 <b>left</b> the heater on" in text
    assert "critical SAT-001 eps low_battery unacknowledged" in text


def test_contacts_are_what_silences_leave_of_the_span(api: RunningApi) -> None:
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=8)
    silence: dict[str, Any] = {
        "subsystem": "satellite", "reason": "no_telemetry", "kind": "stale", "severity": "distress",
        "channel": None, "value": None, "worst_value": None, "limit_value": None, "start": start,
    }  # fmt: skip
    raised(api.pool, 600, returned=6000, **silence)
    raised(api.pool, 6600, returned=12_000, **silence)
    raised(api.pool, 12_060, returned=12_070, is_withdrawn=True, **silence)
    raised(api.pool, -600, returned=1200, satellite_id="SAT-002", **silence)
    raised(api.pool, 1800, satellite_id="SAT-002", **silence)
    raised(api.pool, -600, satellite_id="SAT-003", **silence)
    raised(api.pool, -900, returned=-300, satellite_id="SAT-004", **silence)
    raised(api.pool, 700, returned=800, satellite_id="SAT-005", start=start)

    contacts = report(api, start_time=start.isoformat())["contacts"]

    def after(at: str | None) -> float | None:
        return None if at is None else (datetime.fromisoformat(at) - start).total_seconds()

    assert [(one["satellite_id"], after(one["started_at"]), after(one["ended_at"])) for one in contacts] == [
        ("SAT-001", None, 600), ("SAT-002", 1200, 1800), ("SAT-001", 6000, 6600), ("SAT-001", 12_000, None),
    ]  # fmt: skip


def test_passes_of_the_span_and_of_the_next_shift_are_told(api: RunningApi) -> None:
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(hours=8)
    begins = {"before": -1, "early": -0.1, "heard": 2, "missed": 4, "runs": 7.9, "next": 9, "far": 17}
    hours = {name: timedelta(hours=begin) for name, begin in begins.items()}
    with transaction(api.pool) as connection, connection.cursor() as cursor:
        for name, begin in hours.items():
            cursor.execute(
                "INSERT INTO ops.passes (satellite_id, ground_station, start_at, end_at, planned_at,"
                " first_heard_at, last_heard_at) VALUES ('SAT-001', %(name)s, %(start)s,"
                " %(start)s + interval '12 minutes', %(start)s - interval '1 day', %(heard)s, %(heard)s)",
                {"name": name, "start": start + begin, "heard": start + begin if name == "heard" else None},
            )
    found = report(api, start_time=start.isoformat())
    assert [(one["ground_station"], one["outcome"]) for one in found["passes"]["passes"]] == [
        ("early", "missed"), ("heard", "heard"), ("missed", "missed"), ("runs", "running"),
    ]  # fmt: skip
    assert [(one["ground_station"], one["outcome"]) for one in found["next_passes"]["passes"]] == [
        ("runs", "running"), ("next", "planned"),
    ]  # fmt: skip
    assert not found["passes"]["is_truncated"]
    text = " ".join(
        page.extract_text() for page in PdfReader(BytesIO(get(api, f"{REPORT}.pdf").content)).pages
    )
    assert "SAT-001 next" in " ".join(text.split())


def test_changes_of_the_span_are_told_with_who_made_them(api: RunningApi) -> None:
    with transaction(api.pool) as connection, connection.cursor() as cursor:
        for version, hours in ((1, 9), (2, 1)):
            cursor.execute(
                "INSERT INTO ops.limit_changes"
                " (mission, subsystem, reason, version, fields, operator, comment, at)"
                """ VALUES ('default', 'eps', 'low_battery', %s, '{"below": 25}', 'Ada', 'winter', %s)""",
                (version, datetime.now(UTC) - timedelta(hours=hours)),
            )
        cursor.execute(
            "INSERT INTO ops.calibrations (satellite_id, subsystem, version, state, hash, data_from,"
            " data_until, samples, least_interval_s, greatest_interval_s, verdicts, false_alarms, constants)"
            " VALUES ('SAT-001', 'eps', 1, 'active', repeat('a', 64), now(), now(), 2000, 1, 1, 400, 0, '{}')"
        )
        cursor.execute(
            "UPDATE ops.schema_migrations SET applied_at = now() - interval '2 hours' RETURNING name"
        )
        migrations = [name for (name,) in cursor.fetchall()]
    found = report(api)
    assert [
        (one["kind"], one["satellite_id"], one["name"], one["version"], one["operator"], one["details"])
        for one in found["changes"]
    ] == [
        ("upgrade", None, max(migrations), None, None, {"migrations": len(migrations)}),
        ("limit", None, "low_battery", 2, "Ada", {"below": 25}),
        ("calibration", "SAT-001", "active", 1, None, {"samples": 2000}),
    ]


@pytest.mark.parametrize("path", [REPORT, f"{REPORT}.md", f"{REPORT}.pdf"])
@pytest.mark.parametrize(
    ("query", "told"),
    [
        ({"start_time": "2025-11-02", "end_time": "2025-11-01"}, "before end_time"),
        ({"start_time": "2025-10-01", "end_time": "2025-10-09"}, "7 days"),
        ({"start_time": "2016-01-01"}, "365 days"),
        ({"end_time": "2190-01-01"}, "future"),
        ({"start_time": "\u0000"}, "start_time"),
    ],
)
def test_impossible_span_is_refused_with_the_reason(
    api: RunningApi, path: str, query: dict[str, Any], told: str
) -> None:
    assert told in problem(get(api, path, **query), 422)
