"""What a calibration was fitted to, and what becomes of a channel outside of that."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from analysis_server.judging.calibration_file import load_calibration
from analysis_server.judging.coverage import (
    MOST_TOLD,
    NOT_CALIBRATED,
    Told,
    covered_ranges,
    is_covered,
    judging_constants,
    uncovered_in_words,
    with_coverage,
)
from analysis_server.windows.arguments import parse_subsystem
from analysis_server.windows.window_sets import WindowSet
from scoring.calibration import MEASURE_NAMES, Calibration, band_index
from scoring.measures.changes import CHANGES, ChangeCalibration, ChannelChanges
from scoring.measures.windows import ABSENCE_WIDTH
from telemetry_core.contract.errors import ModelContractError

MODELS = Path(__file__).parents[4] / "model_repository"
MODEL = MODELS / "lstm_timeseries" / "1"
SHIPPED = load_calibration(MODEL)
SIMULATED = (0.1, 240.0)
STEPS = 64


def recorded(intervals_s: tuple[float, float] | None) -> Calibration:
    unknown = np.full((2, len(CHANGES)), np.nan)
    channel = ChannelChanges(usual=unknown[0], common=unknown, intervals_s=intervals_s)
    channels = {"eps.bus_a": channel, "eps.bus_b": channel}
    return replace(SHIPPED, changes=ChangeCalibration(channels=channels, thresholds={2: 1.0}))


def task(interval_s: list[float], *, channels: tuple[str, ...] = (), steps: Any = STEPS) -> WindowSet:
    """One job of aocs at these intervals of its channels."""
    names = channels or ("gyro_x", "gyro_y", "gyro_z")[: len(interval_s)]
    shape = (1, len(names))
    return WindowSet(
        subsystem="aocs", model_name="lstm_timeseries", model_version="1", channels=names, horizon=3,
        jobs=[], origins=[{"samples": STEPS}], windows=np.zeros((*shape, STEPS)),
        steps=np.broadcast_to(np.array(steps), shape), interval_s=np.array([interval_s]),
    )  # fmt: skip


def document() -> dict[str, Any]:
    content: dict[str, Any] = json.loads((MODEL / "calibration.json").read_text(encoding="utf-8"))
    return content


def written(folder: Path, content: dict[str, Any]) -> Path:
    (folder / "calibration.json").write_text(json.dumps(content), encoding="utf-8")
    return folder


@pytest.mark.parametrize("model", sorted(path.name for path in MODELS.iterdir()))
def test_every_shipped_calibration_says_what_it_was_fitted_to(model: str) -> None:
    found = load_calibration(MODELS / model / "1")
    is_default = model == MODEL.parent.name
    assert (found.format, found.intervals_s) == ((3, SIMULATED) if is_default else (2, (0.5, 5.0)))


@pytest.mark.parametrize(
    ("interval_s", "expected"),
    [(0.09, False), (0.1, True), (1.0, True), (240.0, True), (244.0, True), (250.0, False), (600.0, False)],
)
def test_an_interval_is_covered_between_the_edges(interval_s: float, *, expected: bool) -> None:
    assert is_covered(np.array([[interval_s]]), [SIMULATED]).tolist() == [[expected]]


@pytest.mark.parametrize(
    ("config", "expected"),
    [({}, False), ({"interval_s": 10}, True), ({"interval_s": 240.0}, True), ({"interval_s": 600}, False)],
)
@pytest.mark.parametrize("calibration", [SHIPPED, recorded((0.1, 240.0))], ids=["shipped", "recorded"])
def test_posted_channel_is_judged_by_constants_of_its_told_interval_alone(
    calibration: Calibration, config: dict[str, Any], *, expected: bool
) -> None:
    names = tuple(calibration.changes.channels) or ("eps.battery_voltage", "eps.battery_current")
    arguments = {
        "job_id": "1", "subsystem": "eps", "model_name": "lstm_timeseries", "config": config,
        "input_data": {name.removeprefix("eps."): [1.0] * STEPS for name in names},
    }  # fmt: skip
    found = judging_constants(parse_subsystem(arguments, newest_version=lambda _: "1"), calibration)
    assert [name in found.channels or name in found.changes.channels for name in names] == [expected] * 2


@pytest.mark.parametrize("interval_s", [0, -1, float("nan"), 1e9])
def test_interval_that_no_series_has_is_refused(interval_s: float) -> None:
    arguments = {
        "job_id": "1", "subsystem": "eps", "model_name": "lstm_timeseries",
        "input_data": {"battery_voltage": [1.0] * STEPS}, "config": {"interval_s": interval_s},
    }  # fmt: skip
    with pytest.raises(ModelContractError, match="interval_s"):
        parse_subsystem(arguments, newest_version=lambda _: "1")


def test_telemetry_keeps_its_constants() -> None:
    assert judging_constants(task([600.0]), SHIPPED) is SHIPPED


@pytest.mark.parametrize(("sibling_s", "expected"), [(1.0, True), (300.0, False)])
def test_a_channel_that_ceased_is_covered_where_a_sibling_is(sibling_s: float, *, expected: bool) -> None:
    found = is_covered(np.array([[0.0, sibling_s, 0.0]]), [SIMULATED, SIMULATED, None])
    assert found.tolist() == [[expected, expected, False]]


def test_a_recording_says_itself_what_its_channels_cover() -> None:
    channels = ("bus_a", "bus_b")
    assert covered_ranges(recorded((30.0, 120.0)), "eps", channels) == [(30.0, 120.0)] * 2
    assert covered_ranges(recorded((30.0, 120.0)), "eps", ("bus_a", "unknown")) == [None, None]
    assert covered_ranges(SHIPPED, "eps", ("battery_voltage", "bus_a")) == [SIMULATED, None]


def test_a_recording_of_before_covers_every_interval() -> None:
    (low, high), _ = covered_ranges(recorded(None), "eps", ("bus_a", "bus_b"))  # type: ignore[misc]
    assert (low, high) == (0, np.inf)


def test_channels_that_are_not_judged_are_named_with_interval_and_range() -> None:
    found = with_coverage(task([1.0, 600.0, 2.0], channels=("gyro_x", "gyro_y", "mine")), SHIPPED)
    assert found.origins[0] == {
        "samples": STEPS,
        "without_window": {"gyro_y": NOT_CALIBRATED, "mine": NOT_CALIBRATED},
        "not_calibrated": {
            "gyro_y": {"interval_s": 600.0, "calibrated_s": list(SIMULATED)},
            "mine": {"interval_s": 2.0},
        },
    }
    windows, steps = found.covered(found.windows)
    assert np.isnan(windows).all(axis=2).tolist() == [[False, True, True]]
    assert steps is not None
    assert steps.tolist() == [[STEPS, 0, 0]]


def test_a_channel_without_a_window_keeps_its_own_reason() -> None:
    former = task([1.0, 600.0], steps=[STEPS, 0])
    found = with_coverage(replace(former, origins=[{"without_window": {"gyro_y": "too few"}}]), SHIPPED)
    assert found.origins[0] == {"without_window": {"gyro_y": "too few"}}


def test_what_is_covered_stays_as_it_is() -> None:
    one = task([1.0, 5.0])
    assert with_coverage(one, SHIPPED) is one


def test_posted_series_and_former_batches_are_judged_as_before() -> None:
    one = replace(task([600.0]), interval_s=None, steps=None)
    assert with_coverage(one, SHIPPED) is one
    assert one.covered(one.windows) == (one.windows, None)


def former_document() -> dict[str, Any]:
    """Content of format 2."""
    former: dict[str, Any] = json.loads(
        (MODELS / "moving_average" / "1" / "calibration.json").read_text(encoding="utf-8")
    )
    assert former["format"] == 2
    return former


def test_file_of_format_1_is_read_and_judges_every_interval(tmp_path: Path) -> None:
    former = former_document()
    del former["format"], former["fitted"]
    found = load_calibration(written(tmp_path, former))
    assert (found.format, found.intervals_s) == (1, None)
    one = task([10.0, 600.0])
    assert with_coverage(one, found) is one


def test_file_of_format_2_is_one_band_and_has_no_limits_of_newer_measures(tmp_path: Path) -> None:
    former = former_document()
    found = load_calibration(written(tmp_path, former))
    assert found.bands_s == ((0.5, 5.0),)
    channel, values = found.channels["aocs.gyro_x"], former["channels"]["aocs.gyro_x"]
    is_same = np.isin(MEASURE_NAMES, former["measures"])
    is_kept = np.isin(former["measures"], MEASURE_NAMES)
    assert channel.high[0][:, is_same].tolist() == np.array(values["high"])[:, is_kept].tolist()
    is_new = np.array([name.startswith("statistics.largest_") for name in MEASURE_NAMES])
    assert np.isnan(channel.high[0][:, is_new]).all()
    assert channel.noise.tolist() == [values["noise"]]


def test_the_share_of_missing_samples_of_former_files_gives_way_to_the_newest_run(tmp_path: Path) -> None:
    """A satellite that loses samples learned what share is usual: that says nothing of a run."""
    lossy = document()
    place = lossy["measures"].index("statistics.missing_share")
    constants = lossy["channels"]["aocs.gyro_x"]
    for key in ("low", "usual", "high"):
        for band in constants[key]:
            for limits in band:
                limits[place] = 0.3
    found = load_calibration(written(tmp_path, lossy)).channels["aocs.gyro_x"]
    place = MEASURE_NAMES.index("statistics.missing_run")
    for limits, expected in ((found.low, -ABSENCE_WIDTH), (found.usual, 0), (found.high, ABSENCE_WIDTH)):
        assert np.unique(limits[..., place]).tolist() == [expected]


def test_irregular_channels_are_not_covered_by_constants_of_even_intervals() -> None:
    irregular = np.array([[False, True, False]])
    one = replace(task([1.0, 1.0, 1.0]), is_irregular=irregular)
    found = with_coverage(one, SHIPPED)
    assert found.is_covered is not None
    assert found.is_covered.tolist() == [[True, False, True]]
    assert found.origins[0] == {
        "samples": STEPS,
        "without_window": {"gyro_y": "irregular"},
        "not_calibrated": {"gyro_y": {"interval_s": 1.0, "is_irregular": True}},
    }


def test_constants_of_a_recording_judge_irregular_channels() -> None:
    irregular = np.array([[True, True]])
    one = replace(task([1.0, 1.0], channels=("bus_a", "bus_b")), subsystem="eps", is_irregular=irregular)
    assert with_coverage(one, recorded((0.5, 5.0))) is one


@pytest.mark.parametrize(
    ("interval_s", "band"),
    [
        (0.1, 0),
        (0.3, 0),
        (0.31, 1),
        (1.0, 1),
        (1.01, 2),
        (29.0, 4),
        (120.0, 6),
        (240.0, 6),
        (500.0, 6),
        (0.01, 0),
    ],
)
def test_an_interval_has_the_constants_of_its_band(interval_s: float, band: int) -> None:
    assert band_index(np.array([[interval_s]]), SHIPPED.bands_s).tolist() == [[band]]


def test_a_channel_that_ceased_has_the_band_of_the_slowest_of_its_job() -> None:
    intervals_s = np.array([[1.0, 0.0, 60.0], [0.2, 0.0, 0.2]])
    assert band_index(intervals_s, SHIPPED.bands_s).tolist() == [[1, 5, 5], [0, 0, 0]]


@pytest.mark.parametrize(
    "change",
    [
        {"format": 4},
        {"format": "3"},
        {"format": 2},
        *(
            {"fitted": {"bands_s": bad}}
            for bad in ([], [[5, 1]], [[0, 5]], [[1]], 5, [None], [[1, 5]], [[0.1, 1], [2, 240]])
        ),
    ],
)
def test_file_that_says_nothing_sound_of_its_intervals_is_refused(
    change: dict[str, Any], tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=r"calibration\.json is not a calibration for this version"):
        load_calibration(written(tmp_path, document() | change))


def test_hash_covers_what_the_constants_were_fitted_to(tmp_path: Path) -> None:
    before = load_calibration(written(tmp_path, document())).hash
    bands_s = document()["fitted"]["bands_s"]
    wider = document() | {"fitted": {"bands_s": [*bands_s[:-1], [bands_s[-1][0], 500.0]]}}
    assert load_calibration(written(tmp_path, wider)).hash != before


@pytest.mark.parametrize(
    ("channels", "words"),
    [
        ({"a": {"interval_s": 10.0, "calibrated_s": [0.5, 5.0]}},
         "samples every 10 s, calibrated for 0.5 to 5 s"),
        ({"a": {"interval_s": 10.004, "calibrated_s": [30.0, 120.0]}, "b": {"interval_s": 20.0}},
         "samples every 10 to 20 s, calibrated for 30 to 120 s"),
        ({"a": {"interval_s": 61.0}}, "samples every 61 s, not calibrated"),
        ({"a": {"interval_s": 2.0, "is_irregular": True}},
         "samples at irregular intervals, calibrated for regular ones"),
    ],
)  # fmt: skip
def test_the_reason_is_said_in_words(channels: dict[str, Any], words: str) -> None:
    assert uncovered_in_words(channels) == words


def test_a_warning_is_logged_once_and_its_memory_is_bounded() -> None:
    told = Told()
    assert [told.is_new(number) for number in (1, 1, 2)] == [True, False, True]
    for number in range(MOST_TOLD + 2):
        told.is_new(number)
    assert told.is_new(1)
