from operation_server.streams.feed import position_of
from operation_server.verdicts.feed import EVENTS_PASSED_OVER, events_of


def test_row_that_can_not_be_shown_leaves_a_gap_and_the_rest_goes_on() -> None:
    good = {"event": "verdict", "xact": 1, "id": 1, "job_id": "a"}
    strange = {"event": "acknowledgement", "xact": 1, "id": 2}
    before = EVENTS_PASSED_OVER._value.get()
    events = events_of([good, strange, good | {"id": 3}])
    assert [event["event"] for event in events] == ["verdict", "passed_over", "verdict"]
    assert [position_of(event) for event in events] == [(1, 1), (1, 2), (1, 3)]
    assert EVENTS_PASSED_OVER._value.get() - before == 1
