"""How long a source usually pauses: bursts, modes, losses, changes of cadence, and what is sent on change."""

import json
import math
import random
from collections.abc import Iterable
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alarm_server.silence.pauses import KEPT, Pauses
from telemetry_core.contract.mission import GAP_INTERVALS

SECOND_US = 1_000_000
ALLOWED_S = 60
"""As long as the default mission lets anything pause."""
CADENCES_S = (0.1, 1, 45, 61, 600, 3_600, 86_400)


def heard(times_s: Iterable[float]) -> Pauses:
    first, *rest = sorted({round(at_s * SECOND_US) for at_s in times_s})
    pauses = Pauses(first)
    for at_us in rest:
        pauses.hear(at_us)
    return pauses


def false_silences(times_s: Iterable[float]) -> list[int]:
    """Which of the receptions came later than they might."""
    first, *rest = sorted({round(at_s * SECOND_US) for at_s in times_s})
    pauses, found = Pauses(first), []
    for place, at_us in enumerate(rest):
        if at_us - pauses.newest_us > allowed_us(pauses):
            found.append(place)
        pauses.hear(at_us)
    return found


def allowed_us(pauses: Pauses) -> int:
    return max(ALLOWED_S * SECOND_US, GAP_INTERVALS * pauses.usual_us)


def bursts(cadence_s: float, count: int, packets: int = 4) -> list[float]:
    return [cycle * cadence_s + 0.1 * packet for cycle in range(count) for packet in range(packets)]


def modes(fast_s: float, slow_s: float, *, each: int, cycles: int) -> list[float]:
    found, at_s = [0.0], 0.0
    for _ in range(cycles):
        for pause_s in [fast_s] * each + [slow_s] * 5:
            at_s += pause_s
            found.append(at_s)
    return found


def test_nothing_is_known_of_the_first_reception() -> None:
    assert (Pauses(5).usual_us, Pauses(5).is_regular) == (0, False)


def test_packets_that_come_at_once_every_61_s_pause_61_s() -> None:
    times_s = bursts(61, 100)
    assert heard(times_s).usual_us == pytest.approx(60.7 * SECOND_US)
    # The first pause of all is longer than the mission allows, and nothing was known yet.
    assert false_silences(times_s) == [3]


@pytest.mark.parametrize("cadence_s", CADENCES_S)
@given(
    jitter=st.lists(st.floats(-0.3, 0.3), min_size=60, max_size=60),
    lost=st.lists(st.integers(0, 9), min_size=60, max_size=60),
)
def test_jitter_and_losses_make_no_false_silence_but_the_first(
    cadence_s: float, jitter: list[float], lost: list[int]
) -> None:
    every = enumerate(zip(jitter, lost, strict=True))
    times_s = [cadence_s * (place + shift) for place, (shift, loss) in every if loss or place < 3]
    pauses_s = [later - earlier for earlier, later in pairwise(times_s)]
    if max(pauses_s) < 2.5 * min(pauses_s):
        assert set(false_silences(times_s)) <= {0}


@pytest.mark.parametrize("cadence_s", [cadence_s for cadence_s in CADENCES_S if cadence_s > 1])
@given(packets=st.lists(st.integers(1, 60), min_size=10, max_size=40), gap_s=st.floats(0.0005, 0.02))
def test_bursts_and_dumps_of_any_size_hide_no_pause(
    cadence_s: float, packets: list[int], gap_s: float
) -> None:
    times_s = [
        cycle * cadence_s + gap_s * packet for cycle, count in enumerate(packets) for packet in range(count)
    ]
    # One such pause with as much behind it may be an outage; two are none.
    assert len(false_silences(times_s)) <= 2
    usual_s = heard(times_s[: sum(packets[:-1]) + 1]).usual_us / SECOND_US
    assert 0.9 * cadence_s - 2 <= usual_s <= cadence_s


@pytest.mark.parametrize(("fast_s", "slow_s", "each"), [(1, 61, 600), (0.1, 300, 2_000), (60, 3_600, 60)])
def test_a_fast_mode_does_not_drive_out_a_slow_one(fast_s: float, slow_s: float, each: int) -> None:
    times_s = modes(fast_s, slow_s, each=each, cycles=8)
    later = 2 * (each + 5)
    assert [place for place in false_silences(times_s) if place > later] == []
    assert heard(times_s).usual_us == slow_s * SECOND_US


@pytest.mark.parametrize(("before_s", "after_s"), [(1, 120), (0.1, 86_400), (61, 600)])
def test_a_slower_cadence_is_usual_once_it_was_seen(before_s: float, after_s: float) -> None:
    times_s = [place * before_s for place in range(300)]
    times_s += [times_s[-1] + place * after_s for place in range(1, 100)]
    # One, and one more while a slow pause fills too little of the time since it began.
    assert len(false_silences(times_s)) <= 2
    assert heard(times_s).usual_us == after_s * SECOND_US


def test_a_faster_cadence_is_usual_before_long() -> None:
    slow = [place * 600.0 for place in range(20)]
    fast = [slow[-1] + place for place in range(1, 80_000)]
    assert heard(slow + fast).usual_us == SECOND_US


def test_an_outage_is_none_of_the_usual_pauses() -> None:
    before = [float(at_s) for at_s in range(1_000)]
    after = [4_600.0 + at_s for at_s in range(1_000)]
    assert heard(before + after).usual_us == SECOND_US


def test_a_week_without_a_receiver_makes_nobody_deaf() -> None:
    before = [float(at_s) for at_s in range(1_000)]
    after = [before[-1] + 7 * 86_400 + at_s for at_s in range(10)]
    assert heard(before + after[:1]).usual_us == 7 * 86_400 * SECOND_US
    assert heard(before + after).usual_us == SECOND_US


@pytest.mark.parametrize("cadence_s", CADENCES_S)
def test_what_comes_regularly_is_known_to_after_eight_pauses(cadence_s: float) -> None:
    times_s = [place * cadence_s for place in range(KEPT + 1)]
    assert not heard(times_s[:-1]).is_regular
    assert heard(times_s).is_regular
    assert heard(bursts(cadence_s + 5, 9)).is_regular


@pytest.mark.parametrize("spread", [1.5, 2, 3])
def test_what_pauses_for_any_time_has_no_usual_pause(spread: float) -> None:
    """Values that are sent when they changed, without the mission file saying so."""
    chance = random.Random(7)
    regular = told = 0
    for _ in range(40):
        pauses, at_us = Pauses(0), 0
        for _ in range(400):
            at_us += round(60 * SECOND_US * math.exp(chance.gauss(0, spread)))
            regular += pauses.is_regular
            told += pauses.is_regular and at_us - pauses.newest_us > allowed_us(pauses)
            pauses.hear(at_us)
    assert regular < 0.25 * 16_000
    assert told <= 0.002 * 16_000


@given(st.lists(st.integers(1, 10**9), min_size=2, max_size=200), st.data())
def test_a_restart_at_any_time_is_none(pauses_us: list[int], data: st.DataObject) -> None:
    restart = data.draw(st.integers(0, len(pauses_us)))
    kept = gone = Pauses(0)
    at_us = 0
    for place, pause_us in enumerate(pauses_us):
        at_us += pause_us
        if place == restart:
            gone = Pauses.of(json.loads(json.dumps(kept.document)))
        kept.hear(at_us)
        if gone is not kept:
            gone.hear(at_us)
    assert gone == kept
    assert (gone.usual_us, gone.is_regular) == (kept.usual_us, kept.is_regular)


@given(st.lists(st.integers(1, 10**12), min_size=1, max_size=2_000))
def test_what_is_kept_is_bounded(pauses_us: list[int]) -> None:
    pauses, at_us = Pauses(0), 0
    for pause_us in pauses_us:
        at_us += pause_us
        pauses.hear(at_us)
    assert len(pauses.document["pauses_us"]) <= KEPT * 27


def test_what_was_forgotten_makes_no_difference_any_more() -> None:
    with_gap = [0.0, *(float(at_s) for at_s in range(2, 700))]
    odd, even = heard(with_gap), heard([0.0, *(float(at_s) for at_s in range(1, 700))])
    assert odd != even
    odd.tidy()
    even.tidy()
    assert odd == even


def test_a_pause_that_says_nothing_is_not_learned() -> None:
    pauses = heard([0, 1, 2, 3])
    pauses.resume(5_000 * SECOND_US)
    pauses.hear(5_001 * SECOND_US)
    assert (pauses.usual_us, pauses.resumed_us) == (SECOND_US, 5_000 * SECOND_US)
