"""What a batch changes of the tracks in memory."""

from typing import Any

from alarm_server.readings import Reader
from alarm_server.tracking import Known, Tracks, Update, limit_track
from alarms.limit_tracks import REACH_US
from alarms.occurrence_changes import Event
from telemetry_core.contract.mission import Mission
from telemetry_core.kafka.records import Record
from telemetry_core.limits.changes import Limits
from tests.unit.alarm_server.messages import MISSION, SECOND_US, on_change_mission, record, soc

KEY = ("SAT-1", "eps", "low_battery")


def updates(tracks: Tracks, *records: Record, mission: Mission = MISSION) -> list[Update]:
    reader = Reader(Limits.of(mission))
    return tracks.updates([one for found in records for one in reader.read(found).samples])


def of_battery(found: list[Update], satellite: str = "SAT-1") -> Update:
    (one,) = [update for update in found if update.key == (satellite, *KEY[1:])]
    return one


def events(update: Update) -> list[Event]:
    return [change.event for change in update.changes if change.event is not None]


def test_nothing_is_remembered_before_it_is_kept() -> None:
    tracks = Tracks(max_tracks=100, max_span_s=10_000)

    first = updates(tracks, record(0, **soc(12)))
    second = updates(tracks, record(0, **soc(12)))

    assert events(of_battery(first)) == events(of_battery(second)) == [Event.RAISED]
    tracks.keep(first)
    assert events(of_battery(updates(tracks, record(0, **soc(12))))) == []


def test_nominal_samples_are_remembered_and_not_written() -> None:
    tracks = Tracks(max_tracks=100, max_span_s=10_000)
    found = updates(tracks, *(record(at_s, **soc(80)) for at_s in range(5)))

    assert not any(update.is_worth_saving for update in found)
    tracks.keep(found)
    assert len(tracks) == len(found) == 3


def test_each_saved_change_of_a_track_has_the_next_revision() -> None:
    tracks = Tracks(max_tracks=100, max_span_s=10_000)
    for revision in range(3):
        found = updates(tracks, record(revision, **soc(12)))
        assert of_battery(found).before.revision == revision
        tracks.keep(found)


def test_a_track_that_no_late_sample_reaches_begins_anew() -> None:
    tracks = Tracks(max_tracks=100, max_span_s=10_000)
    tracks.keep(updates(tracks, record(0, **soc(12)), record(60, **soc(80))))
    over = of_battery(updates(tracks, record(REACH_US / SECOND_US + 61, **soc(80))))

    assert over.is_worth_saving
    assert not over.after.has_violations
    tracks.keep([over])
    nominal = of_battery(updates(tracks, record(REACH_US / SECOND_US + 62, **soc(80))))
    assert nominal.before.revision == 2
    assert not nominal.is_worth_saving
    tracks.keep([nominal])
    assert of_battery(updates(tracks, record(REACH_US / SECOND_US + 63, **soc(12)))).before.revision == 2


def test_what_is_broken_stays_when_room_is_made_and_the_longest_silent_goes() -> None:
    tracks = Tracks(max_tracks=6, max_span_s=10_000)
    tracks.keep(updates(tracks, record(0, satellite="BROKEN", **soc(12))))
    for number in range(20):
        tracks.keep(updates(tracks, record(number, satellite=f"SAT-{number}", **soc(80))))

    assert len(tracks) == 6
    assert of_battery(updates(tracks, record(30, satellite="BROKEN", **soc(12))), "BROKEN").before.revision
    newest = of_battery(updates(tracks, record(30, satellite="SAT-19", **soc(80))), "SAT-19")
    oldest = of_battery(updates(tracks, record(30, satellite="SAT-0", **soc(80))), "SAT-0")
    assert limit_track(newest.before.track).newest_us is not None
    assert oldest.before == Known()


def test_a_value_that_is_sent_on_change_breaks_and_clears_its_limit_where_it_holds() -> None:
    mission, tracks = on_change_mission(), Tracks(max_tracks=100, max_span_s=10_000)
    others: dict[str, Any] = {"eps": {"battery_voltage": 3.7}}

    assert not limit_track(updates(tracks, record(0, **others), mission=mission)[-1].after).times_us
    tracks.keep(updates(tracks, record(1, **soc(12)), mission=mission))
    tracks.keep(updates(tracks, *(record(at_s, **others) for at_s in (11, 21)), mission=mission))
    held = of_battery(updates(tracks, record(31, **others), mission=mission))
    (run,) = limit_track(held.after).runs
    assert run.last_us - run.started_us == 30 * SECOND_US
    tracks.keep([held])
    tracks.keep(updates(tracks, record(41, **soc(80)), mission=mission))
    found = updates(tracks, *(record(at_s, **others) for at_s in range(51, 92, 10)), mission=mission)

    assert events(of_battery(found)) == [Event.RETURNED]
    tracks.keep(found)
    assert not of_battery(updates(tracks, record(50, **others), mission=mission)).changes


def test_a_value_that_is_sent_on_change_holds_no_longer_than_windows_reach() -> None:
    mission, tracks = on_change_mission(), Tracks(max_tracks=100, max_span_s=25)
    others: dict[str, Any] = {"eps": {"battery_voltage": 3.7}}
    found = [record(0, **soc(12)), *(record(at_s, **others) for at_s in range(10, 100, 10))]

    (run,) = limit_track(of_battery(updates(tracks, *found, mission=mission)).after).runs
    assert (run.last_us - run.started_us, run.cleared_us) == (20 * SECOND_US, None)


def test_signs_and_satellites_do_not_meet() -> None:
    tracks = Tracks(max_tracks=100, max_span_s=10_000)
    found = updates(
        tracks,
        record(0, satellite="A", **soc(12)),
        record(0, satellite="B", **soc(80)),
        record(0, satellite="B", thermal={"obc_temp": 70}),
    )

    raised = {update.key for update in found if events(update)}
    assert raised == {("A", "eps", "low_battery"), ("B", "thermal", "abnormal_temperature")}
