from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from scoring.measures.recordings import (
    MIN_RECORDING_SAMPLES,
    SCAN_FAMILIES,
    SUBSEQUENCE,
    Floats,
    neighbour_distance,
    scan_families,
    usual_peak,
)
from scoring.retrospective import (
    Peak,
    ScanSettings,
    centred_mean,
    fuse,
    scan_channel,
    scan_recording,
)

SAMPLES = 4000
EVENT = slice(2500, 2620)
PERIOD = 50


def noise(scale: float = 1.0) -> Floats:
    return np.random.default_rng(7).normal(size=SAMPLES) * scale


def wave() -> Floats:
    return np.sin(2 * np.pi * np.arange(SAMPLES) / PERIOD)


def with_event(series: Floats, values: Floats | float) -> Floats:
    changed = series.copy()
    changed[EVENT] = values
    return changed


def scanned(series: Floats, **options: Any) -> list[Peak]:
    return scan_recording(series[:, None], **options)[0]


def touches_event(peak: Peak) -> bool:
    return peak.start < EVENT.stop and peak.end >= EVENT.start


EVENTS = {
    "another level": with_event(noise(), noise()[EVENT] + 4),
    "more noise": with_event(noise(), noise()[EVENT] * 4),
    "stuck value": with_event(noise(), 0.3),
    "spikes": with_event(noise(0.1), noise(0.1)[EVENT] + 5.0 * (np.arange(120) % 40 == 0)),
    "phase glitch": with_event(
        wave() + noise(0.05), np.roll(wave(), PERIOD // 2)[EVENT] + noise(0.05)[EVENT]
    ),
    "pause of a wave": with_event(wave() + noise(0.05), noise(0.05)[EVENT]),
    "pulse in a constant channel": with_event(np.zeros(SAMPLES), 1.0),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", EVENTS)
def test_an_unusual_stretch_is_the_highest_detection(name: str) -> None:
    found = scanned(EVENTS[name])
    assert found
    assert touches_event(found[0])


@pytest.mark.slow
@pytest.mark.parametrize("name", EVENTS)
def test_what_is_usual_in_noise_and_waves_is_left_alone(name: str) -> None:
    assert all(touches_event(peak) for peak in scanned(EVENTS[name]))


def test_a_constant_channel_scores_without_nan() -> None:
    scan = fuse(scan_families(np.full(SAMPLES, 0.1)))
    assert np.isfinite(scan.score).all()
    assert scan.detected(ScanSettings()) == []


def test_a_missing_channel_scores_without_nan() -> None:
    scan = fuse(scan_families(np.full(SAMPLES, np.nan)))
    assert np.isfinite(scan.score).all()
    assert scan.detected(ScanSettings()) == []


@pytest.mark.parametrize("series", [noise(), wave()], ids=["noise", "wave"])
def test_a_gap_is_no_event(series: Floats) -> None:
    gapped = series + noise(0.01)
    gapped[1000:1400] = np.nan
    gapped[3000:3003] = np.inf
    assert scanned(gapped) == []


def test_events_in_a_tenth_of_the_recording_are_usual_there() -> None:
    series = noise()
    for start in range(200, SAMPLES, 600):
        series[start : start + 100] += 4
    assert scanned(series) == []


def test_an_event_is_found_beside_gaps() -> None:
    gapped = EVENTS["another level"].copy()
    gapped[1000:1400] = np.nan
    gapped[EVENT.start : EVENT.stop : 7] = np.nan
    assert touches_event(scanned(gapped)[0])


@pytest.mark.slow
@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e9])
@pytest.mark.parametrize("offset", [0.0, -3.0, 1e3])
def test_a_detection_does_not_depend_on_the_channels_unit(scale: float, offset: float) -> None:
    series = EVENTS["another level"]
    expected = [(peak.start, peak.end) for peak in scanned(series)]
    assert [(peak.start, peak.end) for peak in scanned((series + offset) * scale)] == expected


@pytest.mark.slow
def test_channels_are_judged_alone() -> None:
    both = np.stack([EVENTS["stuck value"], noise()], axis=1)
    first, second = scan_recording(both)
    assert first == scanned(EVENTS["stuck value"])
    assert second == scanned(noise())


def test_nothing_is_detected_before_the_first_judged_sample_and_soon_after_it() -> None:
    series = EVENTS["another level"]
    assert scanned(series, first_judged=EVENT.stop + 100) == []
    assert scanned(series, first_judged=EVENT.start - 1000)


def test_a_jump_between_reference_and_judged_samples_is_no_event() -> None:
    series = noise()
    series[2000:] += 50
    assert scanned(series, first_judged=2000) == []


def test_shares_of_the_families_sum_to_one() -> None:
    peak = scanned(EVENTS["phase glitch"])[0]
    assert set(peak.shares) == set(SCAN_FAMILIES)
    assert sum(peak.shares.values()) == pytest.approx(1)


@pytest.mark.slow
def test_detections_are_compact_and_apart() -> None:
    series = np.concatenate([EVENTS["another level"], np.random.default_rng(8).normal(size=2 * SAMPLES)])
    series[1200:1320] += 4
    found = sorted(scanned(series), key=lambda peak: peak.start)
    assert len(found) == 2
    assert found[0].end + 100 < found[1].start
    assert all(peak.end - peak.start <= 0.04 * series.size + 8 for peak in found)
    assert all(peak.start <= peak.peak <= peak.end for peak in found)


def test_a_peak_far_below_the_highest_is_left_out() -> None:
    series = noise(0.1)
    series[1200:1320] += 1
    series[2500:2620] += 30
    scan = fuse(scan_families(series))
    assert len(scan.detected(ScanSettings(level=-9, secondary=0.1))) == 1
    assert len(scan.detected(ScanSettings(level=-9, secondary=99))) == len(scan.peaks)


def levels(*of_cycle: int) -> Floats:
    return np.repeat(of_cycle, 25).astype(np.float64)


def test_the_same_values_in_another_order_are_detected_by_shape_alone() -> None:
    usual = np.tile(levels(0, 1, 2, 1), SAMPLES // 100)
    series = usual + noise(0.1)
    assert scanned(series) == []
    series[2500:2600] += levels(0, 2, 1, 1) - levels(0, 1, 2, 1)
    scan = scan_channel(scan_families(series))
    assert replace(scan, of_shape=()).detected(ScanSettings()) == []
    (peak,) = scan.detected(ScanSettings())
    assert touches_event(peak)
    assert peak.shares == {SUBSEQUENCE: 1.0}


def test_what_score_and_shape_detect_is_one_detection() -> None:
    scan = scan_channel(scan_families(EVENTS["pause of a wave"]))
    assert [touches_event(peak) for peak in scan.of_shape] == [True]
    (peak,) = scan.detected(ScanSettings())
    assert set(peak.shares) == set(SCAN_FAMILIES)


def test_a_higher_level_detects_less() -> None:
    scan = fuse(scan_families(EVENTS["more noise"]))
    assert scan.detected(ScanSettings(level=9)) == []


def test_a_short_recording_is_refused() -> None:
    with pytest.raises(ValueError, match=str(MIN_RECORDING_SAMPLES)):
        scan_recording(np.zeros((MIN_RECORDING_SAMPLES - 1, 1)))


def test_the_distance_is_that_of_the_nth_window_that_does_not_overlap() -> None:
    samples, length = 1000, 100
    starts = np.arange(0, samples - length + 1, 4)
    rows = np.repeat(starts[:, None], 3, axis=1).astype(np.float32)
    usable = np.ones(starts.size, dtype=bool)
    first = neighbour_distance(rows, usable, length=length, neighbour=1, samples=samples)
    third = neighbour_distance(rows, usable, length=length, neighbour=3, samples=samples)
    middle = 500 // 4
    assert first[middle] == pytest.approx(100, abs=0.5)
    assert third[middle] == pytest.approx(104, abs=0.5)


def test_windows_that_are_not_usable_are_nobodys_neighbours() -> None:
    samples, length = 1000, 100
    starts = np.arange(0, samples - length + 1, 4)
    rows = np.repeat((starts % 40 == 0)[:, None], 3, axis=1).astype(np.float32)
    usable = starts % 40 != 0
    distance = neighbour_distance(rows, usable, length=length, neighbour=1, samples=samples)
    assert distance.max() == 0


def test_a_centred_mean_keeps_length_and_constants() -> None:
    assert centred_mean(np.full(50, 2.0), 25) == pytest.approx(np.full(50, 2.0))


def test_the_usual_peak_ignores_one_block_in_ten() -> None:
    series = np.ones(1000)
    series[5] = 99
    assert usual_peak(series, 50) == 1
