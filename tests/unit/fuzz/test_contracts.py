"""Anything at all at the edges: it is taken, or refused with the platform's own error, and nothing else.

`FUZZ_MESSAGES` and `FUZZ_TASKS` say how many inputs are generated; `make fuzz` asks for far more.
"""

import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis_server.judging.calibration_file import load_calibration
from analysis_server.windows.arguments import parse_series
from scoring.window_score import score_windows
from telemetry_core.contract.errors import (
    InvalidMission,
    InvalidTelemetryMessage,
    ModelContractError,
    NewerTaskSchema,
)
from telemetry_core.contract.messages import parse_telemetry_message
from telemetry_core.contract.mission import Mission
from telemetry_core.contract.tasks import InferenceBatch
from telemetry_core.service.settings import load_mission

CHECKOUT = Path(__file__).resolve().parents[3]
MISSION = load_mission(CHECKOUT / "missions" / "default.yaml")
NOW_US = 1_800_000_000_000_000
MESSAGES = settings(
    max_examples=int(os.environ.get("FUZZ_MESSAGES", "100")),
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
)
TASKS = settings(MESSAGES, max_examples=int(os.environ.get("FUZZ_TASKS", "40")))
NAMES = [
    "satellite_id",
    "timestamp",
    *MISSION.subsystems,
    *(name for subsystem in MISSION.subsystems.values() for name in subsystem.channels),
]
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([2**53 + 1, 2**63, 2**64, 10**400, -0.0, 5e-324, 1e39]),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["12.0", "NaN", "\x00", "SAT-1", "2027-01-15T08:00:00Z", "2016-12-31T23:59:60Z"]),
)
VALUES: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(NAMES) | st.text(max_size=8), inner, max_size=6)
    ),
    max_leaves=20,
)
SOUND: Mapping[str, Any] = {
    "satellite_id": "SAT-1",
    "timestamp": "2027-01-15T08:00:00Z",
    "eps": {"battery_voltage": 4.0},
}
"""A message that is taken; what is generated replaces some of its fields."""


def is_refused_or_sound(raw: bytes) -> None:
    try:
        message = parse_telemetry_message(raw, mission=MISSION, received_us=NOW_US)
    except InvalidTelemetryMessage:
        return
    assert message.samples
    values = [value for samples in message.samples.values() for value in samples]
    assert all(math.isnan(value) or math.isfinite(np.float32(value)) for value in values)


@MESSAGES
@given(raw=st.binary(max_size=300))
def test_any_bytes_are_a_message_or_a_dead_letter(raw: bytes) -> None:
    is_refused_or_sound(raw)


@MESSAGES
@given(fields=st.dictionaries(st.sampled_from(NAMES), VALUES, max_size=5))
def test_any_fields_of_a_message_are_taken_or_refused(fields: dict[str, Any]) -> None:
    is_refused_or_sound(json.dumps({**SOUND, **fields}).encode())


@TASKS
@given(payload=VALUES | st.dictionaries(st.sampled_from(list(InferenceBatch.__annotations__)), VALUES))
def test_any_body_of_a_batch_is_taken_or_refused(payload: Any) -> None:
    try:
        batch = InferenceBatch.from_payload(payload)
    except (ModelContractError, NewerTaskSchema):
        return
    assert batch.subsystem


@TASKS
@given(data=VALUES, config=VALUES, metadata=VALUES, name=LEAVES)
def test_any_arguments_of_a_task_are_taken_or_refused(
    data: Any, config: Any, metadata: Any, name: Any
) -> None:
    given_arguments = {
        "job_id": name, "model_name": name, "data": data, "config": config, "metadata": metadata,
    }  # fmt: skip
    try:
        windows = parse_series(given_arguments, newest_version=lambda _name: "1")
    except ModelContractError:
        return
    assert windows.windows.dtype == np.float64


@pytest.mark.slow
@TASKS
@given(changes=st.dictionaries(st.sampled_from(sorted(Mission.model_fields)), VALUES, min_size=1, max_size=3))
def test_any_mission_file_is_read_or_refused(
    changes: dict[str, Any], tmp_path_factory: pytest.TempPathFactory
) -> None:
    body = yaml.safe_load((CHECKOUT / "missions" / "default.yaml").read_text(encoding="utf-8"))
    path = tmp_path_factory.mktemp("mission") / "mission.yaml"
    path.write_text(yaml.safe_dump({**body, **changes}), encoding="utf-8")
    try:
        mission = load_mission(path)
    except InvalidMission:
        return
    assert mission.subsystems


@pytest.mark.slow
@TASKS
@given(data=st.data())
def test_score_of_any_window_is_between_zero_and_one_or_unknown(data: st.DataObject) -> None:
    channels = list(MISSION.subsystems["eps"].channels)[: data.draw(st.integers(1, 3))]
    length = data.draw(st.integers(8, 64))
    numbers = st.floats(width=32, allow_infinity=False) | st.sampled_from([0.0, 3e38, -3e38, math.nan])
    count = len(channels) * length
    windows = np.array(data.draw(st.lists(numbers, min_size=count, max_size=count)), np.float32)
    windows = windows.reshape(1, len(channels), length)
    mean = np.nan_to_num(windows, nan=0.0)
    scores = score_windows(
        windows,
        mean,
        np.ones_like(mean),
        subsystem="eps",
        channels=channels,
        calibration=load_calibration(CHECKOUT / "model_repository" / MISSION.model.name / "1"),
    )
    assert np.all(np.isnan(scores.score) | ((scores.score >= 0) & (scores.score <= 1)))
