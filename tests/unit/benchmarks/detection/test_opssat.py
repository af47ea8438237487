"""What the suite of segments promises, on made-up segments."""

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.detection.evaluation.report import TOTALS, DataMissingError, Options
from benchmarks.detection.recorded import opssat
from benchmarks.detection.recorded.opssat_detectors import (
    DETECTORS,
    FILE,
    POWERS,
    Segments,
    _columns,
    read_segments,
    standardised,
)
from benchmarks.detection.run import RUNNERS

pytestmark = pytest.mark.slow

NOMINAL, ANOMALOUS = 60, 12


def segments(*, distance: float = 9.0) -> Segments:
    rng = np.random.default_rng(3)
    features = rng.normal(size=(NOMINAL + ANOMALOUS, 4))
    channel = np.arange(NOMINAL + ANOMALOUS) % 2
    features[channel == 1] += 50
    features[NOMINAL:, 1] += distance
    return Segments(
        number=np.arange(NOMINAL + ANOMALOUS) + 1,
        features=features,
        channel=channel,
        channels=("first", "second"),
        is_anomalous=np.arange(NOMINAL + ANOMALOUS) >= NOMINAL,
    )


def scored(subject: Segments) -> list[opssat.FoldScores]:
    return [
        opssat.score_fold(subject, test, 0)
        for test in opssat.shuffled_folds(len(subject.number), 0, opssat.FOLDS)
    ]


@pytest.fixture(scope="module", autouse=True)
def few_trees() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("benchmarks.detection.recorded.opssat_detectors.TREES", 20)
        yield


def test_every_segment_is_scored_in_exactly_one_fold() -> None:
    folds = opssat.shuffled_folds(23, 5)
    assert sorted(np.concatenate(folds).tolist()) == list(range(23))


def test_distant_segments_are_flagged() -> None:
    subject = segments()
    outcome = opssat.judge(scored(subject), subject.is_anomalous)
    found = opssat.figures_of(outcome, subject.is_anomalous)
    assert found["fn"] == 0
    assert found["nominal_flagged"] < 0.15


def test_labels_of_a_fold_change_nothing_in_its_verdicts() -> None:
    subject = segments(distance=3.0)
    test = opssat.shuffled_folds(len(subject.number), 0)[0]
    flipped = subject.is_anomalous.copy()
    flipped[test] ^= True
    relabelled = Segments(
        number=subject.number,
        features=subject.features,
        channel=subject.channel,
        channels=subject.channels,
        is_anomalous=flipped,
    )
    one, other = (opssat.score_fold(data, test, 0) for data in (subject, relabelled))
    assert opssat.chosen_setting(one, subject.is_anomalous) == opssat.chosen_setting(other, flipped)
    for name in DETECTORS:
        np.testing.assert_array_equal(one.scores[name], other.scores[name])


def test_anomalous_training_segments_change_no_score() -> None:
    subject = segments()
    test = opssat.shuffled_folds(len(subject.number), 0)[0]
    moved = subject.features.copy()
    moved[np.setdiff1d(np.flatnonzero(subject.is_anomalous), test)] *= -7
    other = Segments(
        number=subject.number,
        features=moved,
        channel=subject.channel,
        channels=subject.channels,
        is_anomalous=subject.is_anomalous,
    )
    for name in DETECTORS:
        np.testing.assert_array_equal(
            opssat.score_fold(subject, test, 0).scores[name], opssat.score_fold(other, test, 0).scores[name]
        )


def test_limit_is_a_quantile_of_held_out_nominal_scores() -> None:
    subject = segments()
    fold = scored(subject)[0]
    setting = opssat.Setting(detectors=("neighbour",), quantile=0.9)
    held_out = fold.held_out["neighbour"][~subject.is_anomalous[fold.train]]
    limit = opssat.limit_of(fold, setting, subject.is_anomalous)
    assert (held_out > limit).mean() == pytest.approx(0.1, abs=0.03)


def test_channel_without_nominal_segments_is_standardised_by_the_others() -> None:
    subject = segments()
    nominal = np.flatnonzero(~subject.is_anomalous & (subject.channel == 0))
    assert np.isfinite(standardised(subject, nominal)).all()


def test_flagging_everything_earns_no_corrected_score() -> None:
    truth = np.array([True, False, False])
    assert opssat.figures(np.ones(3, dtype=bool), truth)["corrected_f0_5"] == 0


def test_counts_and_scores_follow_their_definitions() -> None:
    truth = np.array([True, True, False, False, False])
    found = opssat.figures(np.array([True, False, True, False, False]), truth)
    assert (found["tp"], found["fp"], found["fn"], found["f1"]) == (1, 1, 1, 0.5)
    assert found["nominal_flagged"] == pytest.approx(1 / 3)


def test_nothing_flagged_is_zero_and_no_error() -> None:
    assert opssat.figures(np.zeros(2, dtype=bool), np.array([True, False]))["f0_5"] == 0


def test_pipeline_mode_says_why_it_does_not_exist(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="features of whole segments"):
        RUNNERS["opssat", "pipeline"](Options(data=tmp_path, seeds=1))


def test_absent_data_are_named(tmp_path: Path) -> None:
    with pytest.raises(DataMissingError, match="is not there"):
        opssat.run(Options(data=tmp_path, seeds=1))


def write_csv(folder: Path, rows: int) -> None:
    rng = np.random.default_rng(0)
    path = folder / FILE
    path.parent.mkdir()
    with path.open("w", newline="", encoding="utf-8") as stream:
        writer = csv.DictWriter(stream, ["segment", "anomaly", "channel", *_columns()])
        writer.writeheader()
        for number in range(rows):
            is_anomalous = number % 6 == 0
            values = {name: rng.uniform(5, 9) * (40 if is_anomalous else 1) for name in _columns()}
            writer.writerow(
                {"segment": number, "anomaly": int(is_anomalous), "channel": f"C{number % 2}"} | values
            )


def test_run_reports_nested_figures_and_the_flagged_segments(tmp_path: Path) -> None:
    write_csv(tmp_path, 60)
    report = opssat.run(Options(data=tmp_path, seeds=1))
    assert set(report.totals) <= set(TOTALS)
    assert report.totals["f1"] > 0.9
    assert {first for intervals in report.detected.values() for first, _ in intervals} >= {0, 6, 12}
    assert report.lines[1].startswith("nested")


def test_figures_that_no_label_chose_stand_beside_the_nested_one(tmp_path: Path) -> None:
    write_csv(tmp_path, 60)
    unchosen = opssat.run(Options(data=tmp_path, seeds=1)).details["unchosen"]
    assert [row["quantile"] for row in unchosen] == list(opssat.QUANTILES)
    assert all(row["detectors"] == list(DETECTORS) for row in unchosen)


def test_constant_columns_and_zero_variance_stay_finite(tmp_path: Path) -> None:
    write_csv(tmp_path, 12)
    text = (tmp_path / FILE).read_text(encoding="utf-8").splitlines()
    header = text[0].split(",")
    blank = [
        ",".join(
            "0" if name in POWERS else value for name, value in zip(header, line.split(","), strict=True)
        )
        for line in text[1:]
    ]
    (tmp_path / FILE).write_text("\n".join([text[0], *blank]), encoding="utf-8")
    subject = read_segments(tmp_path)
    assert np.isfinite(standardised(subject, np.arange(6))).all()
