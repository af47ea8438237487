"""What the suite of segments promises, on made-up segments."""

import csv
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from benchmarks.detection.evaluation.report import TOTALS, DataMissingError, Options
from benchmarks.detection.recorded import opssat, opssat_figures
from benchmarks.detection.recorded.opssat_detectors import (
    DETECTORS,
    FILE,
    POWERS,
    Segments,
    _columns,
    read_segments,
    standardised,
    taught_by_labels,
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
    folds = scored(subject)
    for score in (
        opssat.judge_by_labels(folds, subject.is_anomalous),
        opssat.judge_by_nominal(folds, subject.is_anomalous, tuple(DETECTORS), 0.97),
    ):
        found = opssat_figures.figures_of(score, subject.is_anomalous)
        assert found["fn"] == 0
        assert found["nominal_flagged"] < 0.15


def test_labels_tell_what_lies_among_nominal_segments() -> None:
    rng = np.random.default_rng(0)
    rows = np.concatenate([rng.normal(size=(300, 3)), rng.normal([0.5, -0.5, 0.5], 0.05, size=(30, 3))])
    is_anomalous = np.arange(330) >= 300
    known = np.arange(330) % 2 == 0
    taught = taught_by_labels(rows[known], is_anomalous[known], 0)(rows[~known])
    assert opssat_figures.figures_of(taught / 0.5, is_anomalous[~known])["f1"] > 0.7
    for name, detector in DETECTORS.items():
        nominal = rows[known & ~is_anomalous]
        score = detector(nominal, 0)(rows)
        limit = np.quantile(score[~known & ~is_anomalous], 0.97)
        assert (score[is_anomalous] > limit).mean() < 0.5, name


@pytest.mark.parametrize(
    ("score", "is_anomalous", "limit"),
    [
        ([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1], 0.5),
        ([0.1, 0.7, 0.8, 0.9], [0, 1, 0, 1], 0.4),
        ([0.9, 0.1], [0, 1], 0.1),
    ],
)
def test_limit_lies_below_the_score_with_the_best_f1(
    score: list[float], is_anomalous: list[int], limit: float
) -> None:
    assert opssat.best_limit(np.array(score), np.array(is_anomalous, dtype=bool)) == pytest.approx(limit)


def test_labels_of_a_fold_change_nothing_in_its_verdicts() -> None:
    subject = segments(distance=3.0)
    test = opssat.shuffled_folds(len(subject.number), 0)[0]
    flipped = subject.is_anomalous.copy()
    flipped[test] ^= True
    relabelled = replace(subject, is_anomalous=flipped)
    one, other = (opssat.score_fold(data, test, 0) for data in (subject, relabelled))
    assert set(one.scores) == {*DETECTORS, opssat.LABELLED}
    for name in one.scores:
        np.testing.assert_array_equal(one.scores[name], other.scores[name])
        np.testing.assert_array_equal(one.held_out[name], other.held_out[name])


def test_anomalous_training_segments_change_no_score_of_a_detector() -> None:
    subject = segments()
    test = opssat.shuffled_folds(len(subject.number), 0)[0]
    moved = subject.features.copy()
    moved[np.setdiff1d(np.flatnonzero(subject.is_anomalous), test)] *= -7
    other = replace(subject, features=moved)
    for name in DETECTORS:
        np.testing.assert_array_equal(
            opssat.score_fold(subject, test, 0).scores[name], opssat.score_fold(other, test, 0).scores[name]
        )


def test_limit_is_a_quantile_of_held_out_nominal_scores() -> None:
    subject = segments()
    fold = scored(subject)[0]
    held_out = fold.held_out["neighbour"][~subject.is_anomalous[fold.train]]
    limit = opssat.nominal_limit(fold, subject.is_anomalous, ("neighbour",), 0.9)
    assert (held_out > limit).mean() == pytest.approx(0.1, abs=0.03)


def test_channel_without_nominal_segments_is_standardised_by_the_others() -> None:
    subject = segments()
    nominal = np.flatnonzero(~subject.is_anomalous & (subject.channel == 0))
    assert np.isfinite(standardised(subject, nominal)).all()


def test_flagging_everything_earns_no_corrected_score() -> None:
    truth = np.array([True, False, False])
    assert opssat_figures.figures(np.ones(3, dtype=bool), truth)["corrected_f0_5"] == 0


def test_counts_and_scores_follow_their_definitions() -> None:
    truth = np.array([True, True, False, False, False])
    found = opssat_figures.figures(np.array([True, False, True, False, False]), truth)
    assert (found["tp"], found["fp"], found["fn"], found["f1"]) == (1, 1, 1, 0.5)
    assert found["nominal_flagged"] == pytest.approx(1 / 3)


def test_nothing_flagged_is_zero_and_no_error() -> None:
    assert opssat_figures.figures(np.zeros(2, dtype=bool), np.array([True, False]))["f0_5"] == 0


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


def test_run_reports_figures_of_labels_and_the_flagged_segments(tmp_path: Path) -> None:
    write_csv(tmp_path, 60)
    report = opssat.run(Options(data=tmp_path, seeds=1))
    assert set(report.totals) <= set(TOTALS)
    assert report.totals["f1"] > 0.9
    assert {first for intervals in report.detected.values() for first, _ in intervals} >= {0, 6, 12}
    assert report.lines[1].startswith("labelled")


def test_figures_that_no_label_had_a_part_in_stand_beside_them(tmp_path: Path) -> None:
    write_csv(tmp_path, 60)
    unlabelled = opssat.run(Options(data=tmp_path, seeds=1)).details["unlabelled"]
    every = [row["quantile"] for row in unlabelled if row["detectors"] == list(DETECTORS)]
    assert every == list(opssat.QUANTILES)
    assert len({tuple(row["detectors"]) for row in unlabelled}) == 7


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
