"""Values that were taken as missing samples: none is lost by an outage, and no sender fills the memory."""

from collections.abc import Mapping
from functools import partial

from kafka_inference_trigger.gathered.gathering import Key, kept_saved, save_gathered
from kafka_inference_trigger.gathered.refused_values import Refusals, RefusedValues, saving
from telemetry_core.contract.errors import DependencyUnavailable
from telemetry_core.contract.messages import BadValue
from telemetry_core.contract.values import Refusal
from telemetry_core.service.liveness import Liveness
from tests.unit.postgres import Statements

Message = tuple[str, list[BadValue]]


def message(satellite_id: str, *values: str, reason: Refusal = Refusal.TEXT) -> Message:
    return satellite_id, [BadValue(channel="eps.soc", reason=reason, value=value) for value in values]


def gathered(*messages: Message, **options: int) -> RefusedValues:
    refused = RefusedValues(**options)
    for received_us, each in enumerate(messages, start=1):
        refused.add(*each, received_us)
    return refused


class Table:
    """What was saved, added up; away or broken for a while."""

    def __init__(self, *outcomes: Exception | None) -> None:
        self.rows: dict[Key, int] = {}
        self.attempts = 0
        self._outcomes = list(outcomes)

    def save(self, refused: Mapping[Key, Refusals]) -> None:
        self.attempts += 1
        if outcome := self._outcomes.pop(0) if self._outcomes else None:
            raise outcome
        for key, refusals in refused.items():
            self.rows[key] = self.rows.get(key, 0) + refusals.count


def test_refusals_are_counted_by_satellite_channel_and_reason_with_the_last_value() -> None:
    refused = gathered(
        message("A", "off", "on"),
        message("B", "x"),
        message("A", "null", reason=Refusal.NULL),
        message("A", "3 V"),
    )
    assert refused.take() == {
        ("A", "eps.soc", "text"): Refusals(count=3, last_value="3 V", last_us=4),
        ("A", "eps.soc", "null"): Refusals(count=1, last_value="null", last_us=3),
        ("B", "eps.soc", "text"): Refusals(count=1, last_value="x", last_us=2),
    }
    assert refused.take() == {}


def test_what_could_not_be_saved_is_added_to_what_came_since() -> None:
    refused = gathered(message("A", "first"))
    taken = refused.take()
    refused.add(*message("A", "second"), 9)
    refused.put_back(taken)
    assert refused.take() == {("A", "eps.soc", "text"): Refusals(count=2, last_value="second", last_us=9)}


def test_sender_that_invents_satellites_drives_out_the_longest_silent_ones() -> None:
    invented = [message(f"X{number}", "x") for number in range(100)]
    refused = gathered(message("A", "x"), *invented[:2], message("A", "x"), *invented[2:4], max_gathered=4)
    taken = refused.take()
    assert {satellite for satellite, *_ in taken} == {"X1", "A", "X2", "X3"}
    refused = gathered(*invented, max_gathered=4)
    refused.put_back(taken)
    assert len(refused.take()) == 4


def test_values_outlast_an_outage_of_the_server() -> None:
    refused, table = gathered(message("A", "x")), Table(DependencyUnavailable("postgresql", "away"))
    save_gathered(refused, table.save)
    refused.add(*message("A", "y"), 2)
    save_gathered(refused, table.save)
    assert table.rows == {("A", "eps.soc", "text"): 2}


def test_what_can_never_be_saved_does_not_stop_what_follows() -> None:
    refused, table = gathered(message("A", "x")), Table(ValueError("refused for good"))
    save_gathered(refused, table.save)
    refused.add(*message("B", "y"), 2)
    save_gathered(refused, table.save)
    assert table.rows == {("B", "eps.soc", "text"): 1}


def test_nothing_is_asked_of_the_server_while_nothing_is_refused() -> None:
    table = Table()
    save_gathered(gathered(message("A")), table.save)
    assert table.attempts == 0


def test_what_is_gathered_until_the_end_is_saved() -> None:
    both = [(RefusedValues(), Table()) for _ in range(2)]
    saves = [partial(save_gathered, refused, table.save) for refused, table in both]
    with kept_saved(Liveness().loop("refused values"), *saves):
        for refused, _ in both:
            refused.add(*message("A", "x"), 1)
    assert [table.rows for _, table in both] == [{("A", "eps.soc", "text"): 1}] * 2


def test_service_that_has_just_started_is_not_ill_for_its_saver() -> None:
    liveness = Liveness()
    save = partial(save_gathered, RefusedValues(), Table().save)
    with kept_saved(liveness.loop("refused values"), save):
        assert liveness.problems() == []


def test_refusals_are_saved_in_the_order_of_their_keys_and_the_oldest_beyond_the_ceiling_go() -> None:
    statements = Statements()
    refused = {
        ("B", "eps.soc", "nan"): Refusals(count=2, last_value="NaN", last_us=0),
        ("A", "eps.soc", "nan"): Refusals(count=1, last_value="inf", last_us=0),
    }
    saving(statements.pool, max_rows=7)(refused)
    (_, saved), (_, forgotten) = statements.asked
    assert (saved["satellite_ids"], saved["counts"]) == (["A", "B"], [1, 2])
    assert (forgotten, statements.committed) == ({"ceiling": 7}, 1)
