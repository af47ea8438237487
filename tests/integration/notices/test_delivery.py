"""Each notice arrives once its target is back, in order, whatever happened; no target delays another."""

import threading
import time
from datetime import UTC, datetime

import pytest

from alarm_notifier.__main__ import SERVICE
from alarm_notifier.delivery import LEASE
from alarm_notifier.planner import TOLD_WITHIN
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.postgres.cursors.verdict_cursor import Stepper, follow
from telemetry_core.postgres.database import Pool
from telemetry_core.service.liveness import Liveness
from testbed.postgres_server import free_port
from tests.integration.api.alarms.rows import raised, suppressed
from tests.integration.notices.running import (
    configured,
    deliveries,
    executed,
    make_due,
    notices,
    planned,
    sent,
    started,
)
from tests.webhook_receiver import receiving

pytestmark = pytest.mark.integration

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"  # noqa: S105 - of the standard's published example


def returned(pool: Pool, alarm_id: str) -> None:
    executed(pool, "UPDATE ops.alarms SET returned_at = last_at WHERE alarm_id = %s", alarm_id)
    executed(
        pool,
        "INSERT INTO ops.alarm_events (alarm_id, event, member_at) VALUES (%s, 'returned', now())",
        alarm_id,
    )


def acknowledged(pool: Pool, alarm_id: str) -> None:
    executed(
        pool,
        "UPDATE ops.alarms SET acknowledged_at = now(), acknowledged_by = 'Ada' WHERE alarm_id = %s",
        alarm_id,
    )
    executed(
        pool,
        "INSERT INTO ops.alarm_events (alarm_id, event, operator, comment)"
        " VALUES (%s, 'acknowledged', 'Ada', 'seen')",
        alarm_id,
    )


def test_a_signed_message_says_what_happened_and_what_happened_before_the_first_start_is_not_told(
    pool: Pool, theirs: Pool
) -> None:
    raised(pool, 0)
    with receiving() as receiver:
        configuration = configured({"duty": receiver.url}, secret=SECRET)
        planner = started(theirs, configuration)
        alarm_id = raised(pool, 60)
        planned(planner, pool)
        sent(deliveries(theirs, configuration)["duty"])
        ((headers, body),) = receiver.taken
    assert body["type"] == "alarm.raised"
    assert {name: body["data"][name] for name in ("alarm_id", "severity", "state", "worst_value")} == {
        "alarm_id": alarm_id,
        "severity": "critical",
        "state": "unacknowledged",
        "worst_value": 2.9,
    }
    assert headers["webhook-signature"].startswith("v1,")
    (row,) = notices(pool)
    assert (row["state"], row["attempts"], str(row["message_id"])) == ("delivered", 1, headers["webhook-id"])


@pytest.mark.parametrize("status", [500, 410, 302])
def test_what_a_target_refuses_arrives_once_and_in_order_when_it_takes_it_again(
    pool: Pool, theirs: Pool, status: int
) -> None:
    with receiving() as receiver:
        configuration = configured({"duty": receiver.url})
        planner = started(theirs, configuration)
        delivery = deliveries(theirs, configuration)["duty"]
        alarm_ids = [raised(pool, second) for second in (0, 60)]
        returned(pool, alarm_ids[0])
        planned(planner, pool)
        receiver.status = status
        sent(delivery)
        assert receiver.taken == []
        assert len(receiver.refused) == 2  # that one has returned waits for that it was raised
        assert {row["last_error"] for row in notices(pool)} == {f"HTTP {status}", None}
        receiver.status = 204
        for _ in range(2):
            make_due(pool)
            sent(delivery)
    assert receiver.told == [
        ("alarm.raised", alarm_ids[0]),
        ("alarm.raised", alarm_ids[1]),
        ("alarm.returned", alarm_ids[0]),
    ]
    assert {headers["webhook-id"] for headers in receiver.refused} == set(receiver.ids[:2])


def test_targets_that_hang_or_are_away_delay_no_other_and_get_all_once_they_are_back(
    pool: Pool, theirs: Pool
) -> None:
    port = free_port()
    stop, liveness = threading.Event(), Liveness()
    with receiving() as well, receiving() as slow:
        slow.is_hanging = True
        configuration = configured({"well": well.url, "slow": slow.url, "away": f"http://127.0.0.1:{port}"})
        loops: list[Stepper] = [started(theirs, configuration), *deliveries(theirs, configuration).values()]
        threads = [
            threading.Thread(
                target=follow, args=(one, stop, liveness.loop(one.name)), kwargs={"service": SERVICE}
            )
            for one in loops
        ]
        for thread in threads:
            thread.start()
        try:
            alarm_ids = {raised(pool, 60 * number) for number in range(5)}
            until(lambda: len(well.taken) == 5, 5)
            assert slow.taken == []
            slow.is_hanging = False
            slow.goes_on.set()
            with receiving(port) as back:
                until(lambda: len(slow.taken) == len(back.taken) == 5, 30)
        finally:
            stop.set()
            for thread in threads:
                thread.join()
    for receiver in (well, slow, back):
        assert {alarm_id for _, alarm_id in receiver.told} == alarm_ids
    assert {row["state"] for row in notices(pool)} == {"delivered"}


def until(is_so: object, limit_s: float) -> None:
    assert callable(is_so)
    deadline = time.monotonic() + limit_s
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_one_killed_between_sending_and_recording_sends_again_under_the_same_id(
    pool: Pool, theirs: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    with receiving() as receiver:
        configuration = configured({"duty": receiver.url})
        planner = started(theirs, configuration)
        raised(pool)
        planned(planner, pool)
        killed = deliveries(theirs, configuration)["duty"]

        def die(*_: object) -> None:
            raise DependencyUnavailable("postgresql", "gone")

        monkeypatch.setattr(killed, "_settle", die)
        with pytest.raises(DependencyUnavailable):
            killed.step()
        next_one = deliveries(theirs, configuration)["duty"]
        assert not next_one.step()  # nobody else sends it while the first may still be at it
        (row,) = notices(pool)
        left = row["next_attempt_at"].replace(tzinfo=UTC) - datetime.now(UTC)
        assert left < LEASE
        make_due(pool)
        sent(next_one)
        sent(next_one)
    assert len(receiver.taken) == 2
    assert len(set(receiver.ids)) == 1


def test_reminders_and_escalation_end_when_somebody_acknowledges(pool: Pool, theirs: Pool) -> None:
    with receiving() as duty, receiving() as lead:
        configuration = configured(
            {"duty": duty.url, "lead": lead.url},
            {"targets": ["duty"], "repeat_s": 600, "escalate_after_s": {900: "lead", 1800: "lead"}},
        )
        planner = started(theirs, configuration)
        found = deliveries(theirs, configuration)
        alarm_id = raised(pool)
        planned(planner, pool)
        sent(found["duty"])
        assert len(duty.taken) == 1
        for _ in range(2):
            executed(
                pool,
                "UPDATE ops.notifications SET next_attempt_at = created_at"
                " WHERE state = 'pending' AND delay_s <> 1800",
            )
            found["duty"].step()
            sent(found["lead"])
        assert (len(duty.taken), len(lead.taken)) == (3, 1)
        assert duty.taken[1][1]["data"]["is_reminder"]
        acknowledged(pool, alarm_id)
        planned(planner, pool)
        make_due(pool)
        for delivery in found.values():
            sent(delivery)
    assert (len(duty.taken), len(lead.taken)) == (3, 1)
    assert [row["state"] for row in notices(pool)].count("cancelled") == 2


def test_nobody_is_told_of_what_was_shelved_before_it_was_sent(pool: Pool, theirs: Pool) -> None:
    with receiving() as receiver:
        configuration = configured({"duty": receiver.url})
        planner = started(theirs, configuration)
        raised(pool)
        planned(planner, pool)
        suppressed(pool, reason="low_battery", kind="shelved")
        sent(deliveries(theirs, configuration)["duty"])
    assert receiver.taken == []
    assert [row["state"] for row in notices(pool)] == ["cancelled"]


def test_a_message_is_given_up_in_the_end_and_so_are_those_of_a_target_that_the_file_lost(
    pool: Pool, theirs: Pool
) -> None:
    gone = f"http://127.0.0.1:{free_port()}"
    configuration = configured({"duty": gone, "lead": gone})
    planner = started(theirs, configuration)
    raised(pool)
    planned(planner, pool)
    executed(
        pool,
        "UPDATE ops.notifications SET give_up_at = created_at - %s::interval WHERE target = 'duty'",
        TOLD_WITHIN,
    )
    sent(deliveries(theirs, configuration)["duty"])
    started(theirs, configured({"duty": gone}))
    assert [(row["state"], row["last_error"]) for row in notices(pool)] == [
        ("failed", "ConnectionError"),
        ("failed", "the file has no such target any more"),
    ]
