from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from analysis_server.windows import arguments
from analysis_server.windows.window_sets import WindowSet
from telemetry_core.contract.errors import ModelContractError

SERIES = {"job_id": "j1", "model_name": "lstm_timeseries", "data": [float(i) for i in range(100)]}
SUBSYSTEM = {
    "job_id": "j1",
    "subsystem": "eps",
    "model_name": "lstm_timeseries",
    "input_data": {"battery_voltage": [3.9] * 12, "battery_current": [1.0] * 12},
}


def parse_series(given: Mapping[str, Any]) -> WindowSet:
    return arguments.parse_series(given, newest_version={"lstm_timeseries": "12"}.get)


def parse_subsystem(given: Mapping[str, Any]) -> WindowSet:
    return arguments.parse_subsystem(given, newest_version={"lstm_timeseries": "12"}.get)


@pytest.mark.parametrize(
    ("given", "expected"),
    [({}, "12"), ({"config": {"model_version": "3"}}, "3"), ({"model_name": "unknown"}, "none")],
)
def test_model_version_is_the_one_asked_for_or_the_newest(given: dict[str, Any], expected: str) -> None:
    assert parse_series({**SERIES, **given}).model_version == expected
    assert parse_subsystem({**SUBSYSTEM, **given}).model_version == expected


def test_metadata_is_kept_as_it_came() -> None:
    sent = {"satellite_id": "SAT-001", "pattern": "sine"}
    assert parse_series({**SERIES, "metadata": sent}).jobs[0].metadata == sent


def test_series_is_cut_to_its_newest_samples() -> None:
    task = parse_series({**SERIES, "config": {"window_size": 10, "forecast_horizon": 7}})
    assert task.windows.tolist() == [[[float(i) for i in range(90, 100)]]]
    assert task.horizon == 7
    assert task.subsystem == "series"
    assert task.is_plain_series


def test_older_names_of_horizon_and_window_are_read() -> None:
    task = parse_series({**SERIES, "config": {"forecast_steps": 3, "sequence_length": 20}})
    assert (task.horizon, task.windows.shape[2]) == (3, 20)


def test_series_without_metadata_belongs_to_no_satellite() -> None:
    job = parse_series(SERIES).jobs[0]
    assert (job.satellite_id, job.source, job.total_subsystems) == ("none", "manual", 1)


def test_dispatch_time_is_kept_from_the_metadata() -> None:
    created = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
    job = parse_series({**SERIES, "metadata": {"created_at": created.isoformat()}}).jobs[0]
    assert job.created_at == created


@pytest.mark.parametrize(
    ("input_data", "features", "expected"),
    [
        ({"b": [3.0, 4.0], "a": [1.0, 2.0]}, ["a", "b"], [[1.0, 2.0], [3.0, 4.0]]),
        ({"a": [1.0, 2.0]}, None, [[1.0, 2.0]]),
        ([[1.0, 3.0], [2.0, 4.0]], ["a", "b"], [[1.0, 2.0], [3.0, 4.0]]),
        ([1.0, 3.0], ["a", "b"], [[1.0], [3.0]]),
        ([1.0, 2.0, 3.0], ["a"], [[1.0, 2.0, 3.0]]),
    ],
)
def test_input_data_is_series_by_channel_or_rows_in_feature_order(
    input_data: object, features: list[str] | None, expected: list[list[float]]
) -> None:
    task = parse_subsystem({**SUBSYSTEM, "input_data": input_data, "input_features": features})
    assert task.windows[0].tolist() == expected


def test_shorter_series_is_padded_in_front() -> None:
    task = parse_subsystem({**SUBSYSTEM, "input_data": {"a": [1.0, 2.0, 3.0], "b": [9.0]}})
    np.testing.assert_array_equal(task.windows[0], [[1, 2, 3], [np.nan, np.nan, 9]])


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"job_id": ""}, "job_id"),
        ({"job_id": None}, "job_id"),
        ({"subsystem": "../x"}, "subsystem"),
        ({"model_name": "../../etc"}, "model_name"),
        ({"input_data": {"a": [float("inf")]}}, "input_data"),
        ({"input_data": {}, "input_features": ["a"]}, "input_data"),
        ({"input_data": {"a": [1.0]}, "input_features": ["a", "b", "c"]}, "input_data: no series for b, c"),
        ({"input_data": [[1.0], [2.0, 3.0]], "input_features": ["a"]}, "input_data"),
        ({"input_data": []}, "input_data"),
        ({"input_data": {}}, "input_data"),
        ({"config": {"forecast_horizon": 65}}, "forecast_horizon"),
        ({"config": {"window_size": 9}}, "window_size"),
        ({"config": {"model_version": "../1"}}, "model_version"),
        ({"metadata": {"source": "elsewhere"}}, "source"),
        ({"metadata": {"satellite_id": "a b"}}, "satellite_id"),
    ],
)
def test_wrong_argument_is_named(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(ModelContractError, match=named):
        parse_subsystem({**SUBSYSTEM, **wrong})
