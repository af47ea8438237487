"""The value of a channel that is sent only when it changes holds until the next one, for a bounded time."""

from collections.abc import Mapping, Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kafka_inference_trigger.rules import breaches
from kafka_inference_trigger.windows.channel_windows import SampleWindow
from kafka_inference_trigger.windows.sample_sets import SampleSet
from kafka_inference_trigger.windows.telemetry_windows import look_back_s
from telemetry_core.contract.inferences import Lane
from telemetry_core.contract.messages import TelemetryMessage
from telemetry_core.contract.mission import Mission
from telemetry_core.contract.tasks import ChannelState
from tests.unit.kafka_inference_trigger.windows.appended import AppendedWindows

SECOND_US = 1_000_000
START_US = 1_800_000_000 * SECOND_US
LENGTH, SPAN_S = 16, 200
CHANNELS = ("steady", "mode", "level")
MISSION = Mission.model_validate(
    {
        "name": "test",
        "model": {"name": "lstm_timeseries"},
        "window": {"length": LENGTH, "max_span_s": SPAN_S, "max_gap_s": 30},
        "periodic": {"share": 0},
        "subsystems": {
            "eps": {
                "horizon": 3,
                "channels": {
                    "steady": {"unit": "V"},
                    "mode": {"unit": "1", "reporting": "on_change"},
                    "level": {"unit": "%", "reporting": "on_change", "nominal": [0, 50]},
                },
                "rules": [{"channel": "level", "below": 10, "reason": "low_level", "log": "{value}"}],
            }
        },
    }
)
NAN = float("nan")


def at_us(second: float) -> int:
    return START_US + round(second * SECOND_US)


def send(
    windows: AppendedWindows, second: int, values: Mapping[str, float], *, received: int | None = None
) -> SampleSet:
    message = TelemetryMessage(
        satellite_id="SAT-001",
        generated_us=at_us(second),
        samples={"eps": tuple(values.get(name, NAN) for name in CHANNELS)},
        bad_values=(),
    )
    return windows.append(message, at_us(second if received is None else received))


def window(windows: AppendedWindows, second: int) -> SampleWindow:
    return windows.window(Lane.LIVE, "eps", ending_us=at_us(second))


def sent(changes: Mapping[int, float], seconds: Sequence[int]) -> AppendedWindows:
    """Send a steady channel at each second, and `mode` with it where it changes."""
    windows = AppendedWindows(MISSION)
    for second in seconds:
        changed = {"mode": changes[second]} if second in changes else {}
        send(windows, second, {"steady": second, **changed})
    return windows


def test_window_is_that_of_a_channel_sent_with_every_packet() -> None:
    seconds = range(40)
    changes = {0: 1.0, 27: 2.0, 33: 1.0}
    found = window(sent(changes, seconds), 39)
    values = [changes[max(change for change in changes if change <= second)] for second in seconds]
    whole = window(sent(dict(zip(seconds, values, strict=True)), seconds), 39)
    for name in ("values", "end_us", "interval_us", "steps", "states"):
        np.testing.assert_array_equal(getattr(found, name)[:2], getattr(whole, name)[:2])


def test_steps_lie_at_samples_of_any_channel_that_the_model_does_not_see_too() -> None:
    subsystem = MISSION.subsystems["eps"]
    hidden = subsystem.channels["steady"].model_copy(update={"feature": False})
    channels = {**subsystem.channels, "steady": hidden}
    mission = MISSION.model_copy(
        update={"subsystems": {"eps": subsystem.model_copy(update={"channels": channels})}}
    )
    windows = AppendedWindows(mission)
    for second in range(40):
        send(windows, second, {"steady": second, **({"mode": 1.0} if second == 0 else {})})
    found = window(windows, 39)
    assert (found.states[0], found.steps[0], set(found.values[0])) == (ChannelState.JUDGED, LENGTH, {1.0})
    assert found.interval_us[0] == SECOND_US


def test_absence_is_no_evidence_and_ends_with_the_span() -> None:
    windows = sent({0: 1.0}, range(SPAN_S + 2))
    held = window(windows, SPAN_S)
    assert (held.states[1], held.steps[1], set(held.values[1])) == (ChannelState.JUDGED, LENGTH, {1.0})
    past = window(windows, SPAN_S + 1)
    assert (past.states[1], past.steps[1]) == (ChannelState.NEVER_SEEN, 0)


def test_change_that_comes_late_holds_from_its_own_time_on() -> None:
    windows = sent({0: 1.0}, range(30))
    send(windows, 20, {"mode": 2.0}, received=30)
    assert window(windows, 29).values[1].tolist() == [1.0] * 6 + [2.0] * 10


def test_second_packet_of_a_time_brings_the_change_and_contradicts_nothing() -> None:
    windows = sent({0: 1.0}, range(30))
    placed = send(windows, 29, {"mode": 3.0})
    assert placed.samples["eps"][:2].tolist() == [29.0, 3.0]
    assert window(windows, 29).values[1].tolist() == [1.0] * 15 + [3.0]


def test_lost_packet_is_missing_of_all_channels_alike() -> None:
    found = window(sent({0: 1.0}, [second for second in range(40) if second != 35]), 39)
    np.testing.assert_array_equal(np.isnan(found.values[0]), np.isnan(found.values[1]))
    assert np.isnan(found.values[1]).sum() == 1


def test_limit_stays_broken_while_the_value_holds() -> None:
    windows = AppendedWindows(MISSION)
    broken = []
    for second, values in enumerate([{"level": 5.0}, {}, {"mode": 1.0}, {"level": 30.0}, {}]):
        placed = send(windows, second, {"steady": second, **values})
        broken.append([breach.rule.reason for breach in breaches(MISSION, placed.samples)])
    assert broken == [["low_level"], ["low_level"], ["low_level"], [], []]
    late = send(windows, SPAN_S + 10, {"steady": 0})
    assert np.isnan(late.samples["eps"][2])


def test_subsystem_is_restless_as_long_as_with_every_packet() -> None:
    changes = {0: 30.0, 20: 90.0, 25: 30.0}
    on_change, whole = AppendedWindows(MISSION), AppendedWindows(MISSION)
    value = NAN
    restless = []
    for second in range(60):
        value = changes.get(second, value)
        found = send(on_change, second, {"steady": second, "level": changes.get(second, NAN)}).restless
        assert found == send(whole, second, {"steady": second, "level": value}).restless
        restless += [second] if found else []
    assert restless == list(range(20, 40))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(1, 25), st.sampled_from(["", "mode", "level"])), min_size=5, max_size=60),
    st.data(),
)
def test_restart_with_a_look_back_equals_no_restart(
    steps: list[tuple[int, str]], data: st.DataObject
) -> None:
    seconds = np.cumsum([step for step, _ in steps]).tolist()
    packets = [
        {"steady": float(second)} | ({changed: float(second)} if changed else {})
        for second, (_, changed) in zip(seconds, steps, strict=True)
    ]
    cut = data.draw(st.integers(1, len(seconds) - 1))
    undisturbed, restarted = AppendedWindows(MISSION), AppendedWindows(MISSION)
    for second, packet in zip(seconds[:cut], packets[:cut], strict=True):
        send(undisturbed, second, packet)
        if second >= seconds[cut] - look_back_s(MISSION.window):
            send(restarted, second, packet)
    for second, packet in zip(seconds[cut:], packets[cut:], strict=True):
        placed = [send(windows, second, packet).samples["eps"] for windows in (undisturbed, restarted)]
        np.testing.assert_array_equal(placed[0], placed[1])
        found = [window(windows, second) for windows in (undisturbed, restarted)]
        for name in ("values", "end_us", "interval_us", "steps", "states"):
            np.testing.assert_array_equal(getattr(found[0], name), getattr(found[1], name))


def test_memory_does_not_grow_with_what_holds() -> None:
    assert sent({0: 1.0}, range(5)).nbytes == sent({0: 1.0}, range(300)).nbytes


def test_reporting_is_periodic_or_on_change() -> None:
    content = MISSION.model_dump()
    content["subsystems"]["eps"]["channels"]["mode"]["reporting"] = "sometimes"
    with pytest.raises(ValueError, match=r"reporting\n +Input should be 'periodic' or 'on_change'"):
        Mission.model_validate(content)
