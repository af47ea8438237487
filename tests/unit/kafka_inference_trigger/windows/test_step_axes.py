"""Steps of a channel sent on change lie at samples of its whole subsystem, as far as all are known."""

import numpy as np

from kafka_inference_trigger.windows.rings import ChannelRings, RingLayout
from kafka_inference_trigger.windows.step_axes import step_axes
from telemetry_core.contract.mission import Window

SECOND_US = 1_000_000
START_US = 1_800_000_000 * SECOND_US
LAYOUT = RingLayout.of(Window(length=10, max_span_s=1_000, max_gap_s=100))
ON_CHANGE, FAST, SLOW, FASTER = range(4)
OWNED = np.arange(4)


def rings_of(*sent: tuple[int, range]) -> ChannelRings:
    """Rings of samples at these seconds by channel, in time order."""
    rings = ChannelRings(OWNED == ON_CHANGE, LAYOUT, first_us=START_US, received_us=START_US)
    for second in sorted({second for _, seconds in sent for second in seconds}):
        now = np.array([channel for channel, seconds in sent if second in seconds])
        rings.insert(now, START_US + second * SECOND_US, np.full(now.size, float(second)))
    return rings


def steps_of(rings: ChannelRings, *, since: int = -100) -> list[int]:
    """Seconds of the steps of the channel that is sent on change."""
    (axis,) = step_axes(rings, np.array([ON_CHANGE]), OWNED, START_US + since * SECOND_US)
    return [(time - START_US) // SECOND_US for time in axis.times.tolist()]


def test_value_that_is_sent_once_holds_at_every_later_sample_of_its_subsystem() -> None:
    rings = rings_of((ON_CHANGE, range(1)), (FAST, range(1, 6)), (SLOW, range(0, 9, 4)))
    assert steps_of(rings) == [0, 1, 2, 3, 4, 5, 8]
    assert steps_of(rings, since=0) == [0, 1, 2, 3, 4, 5, 8]
    assert steps_of(rings, since=1) == []


def test_before_the_first_sample_of_a_full_ring_no_step_is_told() -> None:
    """Those of a slower channel that reach further back would look like losses of the faster one."""
    fast = range(100, 160)
    rings = rings_of((ON_CHANGE, range(1)), (FAST, fast), (SLOW, range(0, 160, 40)))
    assert steps_of(rings) == list(fast)[-LAYOUT.capacity :]


def test_of_several_full_rings_the_one_that_reaches_least_far_back_decides() -> None:
    slow, fast, faster = range(0, 160, 10), range(100, 160, 2), range(120, 160)
    rings = rings_of((ON_CHANGE, range(1)), (FAST, fast), (FASTER, faster), (SLOW, slow))
    assert steps_of(rings) == list(faster)[-LAYOUT.capacity :]


def test_channel_that_began_late_cuts_no_steps() -> None:
    rings = rings_of((ON_CHANGE, range(1)), (FAST, range(8, 10)), (SLOW, range(0, 10, 2)))
    assert steps_of(rings) == [0, 2, 4, 6, 8, 9]


def test_channels_of_one_packet_have_axes_of_their_own_where_one_is_sent_on_change() -> None:
    rings = rings_of((ON_CHANGE, range(0, 9, 4)), (SLOW, range(0, 9, 4)), (FAST, range(9)))
    axes = step_axes(rings, OWNED[:3], OWNED, START_US - SECOND_US)
    by_member = {
        int(member): [(time - START_US) // SECOND_US for time in axis.times.tolist()]
        for axis in axes
        for member in axis.members
    }
    assert by_member == {ON_CHANGE: list(range(9)), FAST: list(range(9)), SLOW: [0, 4, 8]}
    (held,) = (axis for axis in axes if ON_CHANGE in axis.members)
    assert rings.values(np.array([ON_CHANGE]), held.slots).tolist() == [[0.0] * 4 + [4.0] * 4 + [8.0]]
