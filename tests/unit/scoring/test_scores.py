"""Evidence becomes a score, and a forecast's spread a confidence."""

import numpy as np

from scoring.scores import confidence, to_score
from telemetry_core.contract.inferences import ANOMALY_THRESHOLD


def test_threshold_is_met_by_evidence_at_the_threshold() -> None:
    values = to_score(np.array([0.0, 1.0, 2.0, 4.0]), 2.0, 3.0)
    assert values[0] == 0
    assert values[2] == ANOMALY_THRESHOLD
    assert (np.diff(values) > 0).all()


def test_confidence_is_the_gaussian_share_within_one_deviation() -> None:
    window = np.tile(np.array([-1.0, 1.0], np.float32), 10)[None, None]
    std = np.array([[[1.0, 2.0, 1e-9]]], np.float32)
    assert np.allclose(confidence(window, std), [[[0.682689, 0.382925, 1.0]]], atol=1e-5)


def test_confidence_of_a_constant_window_is_one_and_of_none_is_zero() -> None:
    windows = np.array([[[5.1] * 12], [[np.nan] * 12]], np.float32)
    assert confidence(windows, np.ones((2, 1, 3), np.float32)).tolist() == [[[1.0] * 3], [[0.0] * 3]]
