"""Every model of the repository answers through Triton as the network that was trained."""

from pathlib import Path
from typing import Final

import numpy as np
import pytest

from analysis_server.judging.triton import TritonClient
from telemetry_core.service.settings import Settings

REPOSITORY: Final = Path(__file__).parents[3] / "model_repository"
TOLERANCE: Final = 1e-4
"""Of the window's largest value."""

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("model", sorted(path.name for path in REPOSITORY.iterdir() if path.is_dir()))
def test_triton_answers_as_the_trained_network(model: str) -> None:
    golden = np.load(REPOSITORY / model / "1" / "golden.npz")
    size = np.maximum(np.nanmax(np.abs(golden["INPUT"]), axis=1, keepdims=True), 1e-6)
    answer = TritonClient(Settings().triton_server_url).infer(model, "1", golden["INPUT"])
    for name, output in {
        "FORECAST_MEAN": answer.mean,
        "FORECAST_STD": answer.std,
        "STEP_MEAN": answer.step_mean,
        "STEP_STD": answer.step_std,
    }.items():
        assert np.max(np.abs(output - golden[name]) / size) <= TOLERANCE, name
