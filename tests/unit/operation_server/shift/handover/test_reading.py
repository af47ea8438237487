from datetime import timedelta
from typing import Any

from operation_server.http.parameters import TimeRange
from operation_server.shift.handover.reading import contact_of, not_judged_of, silent_of
from tests.unit.operation_server.shift.handover.reports import NOW


def part(name: str, verdict: str | None, **lacks: Any) -> dict[str, Any]:
    return {"subsystem": name, "verdict": verdict, "learning": None, "rarely_sampled": None, **lacks}


def satellite(name: str, *parts: dict[str, Any], is_stale: bool = False) -> dict[str, Any]:
    return {"satellite_id": name, "is_stale": is_stale, "last_contact": NOW, "subsystems": parts}


def test_subsystem_without_a_verdict_is_named_with_what_it_lacks() -> None:
    few = {"samples": 10, "needed": 2_000, "remaining_s": None, "reason": "too_few_samples"}
    rare = {"interval_s": 600, "needed": 10, "max_span_s": 3_600, "enough_span_s": 6_000}
    fleet = [
        satellite("SAT-002", part("eps", "nominal"), part("comm", "learning")),
        satellite("SAT-001", part("eps", "learning", learning=few), part("aocs", "warming_up"),
                  part("thermal", "warming_up", rarely_sampled=rare), part("comm", None)),
    ]  # fmt: skip
    assert [(one.satellite_id, one.subsystem, one.reason) for one in not_judged_of(fleet)] == [
        ("SAT-001", "eps", "too_few_samples"), ("SAT-001", "thermal", "rarely_sampled"),
        ("SAT-002", "comm", "learning"),
    ]  # fmt: skip


def test_silent_satellites_are_named_in_order() -> None:
    fleet = [satellite("B", is_stale=True), satellite("C"), satellite("A", is_stale=True)]
    assert [one.satellite_id for one in silent_of(fleet)] == ["A", "B"]


def test_contact_tells_no_more_than_the_span_knows() -> None:
    span = TimeRange(start=NOW, end=NOW + timedelta(hours=8))
    whole = contact_of({"satellite_id": "A", "started_at": span.start, "ended_at": span.end}, span)
    assert (whole.started_at, whole.ended_at) == (None, None)
    inner = {
        "satellite_id": "A",
        "started_at": NOW + timedelta(hours=1),
        "ended_at": NOW + timedelta(hours=2),
    }
    assert contact_of(inner, span).model_dump() == inner
