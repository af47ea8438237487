import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from pydantic import ValidationError

from operation_server.inference.schemas import SubmitRequest
from operation_server.inference.submission import RequestRefused, check_request, digest_of, plan_submission
from telemetry_core.contract.mission import Mission, Model
from telemetry_core.contract.tasks import submitted_task
from telemetry_core.service.settings import Settings, load_mission

EXAMPLES = Path(__file__).parents[3] / "examples" / "api" / "v1"
MISSION = load_mission(Settings().mission_file)
NOW = datetime(2025, 10, 30, 12, 34, 56, 789_000, tzinfo=UTC)


def example(name: str) -> SubmitRequest:
    return SubmitRequest.model_validate_json((EXAMPLES / name).read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("submit_*.json")), ids=lambda path: path.stem)
def test_published_example_is_accepted(path: Path) -> None:
    check_request(example(path.name), models={"lstm_timeseries": ["1", "2"]}, mission=MISSION)


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("refused_*.json")), ids=lambda path: path.stem)
def test_published_counterexample_is_refused(path: Path) -> None:
    with pytest.raises((ValidationError, RequestRefused)):
        check_request(example(path.name), models={"lstm_timeseries": ["1", "2"]}, mission=MISSION)


@pytest.mark.parametrize(
    ("channels", "status", "said"),
    [
        ({"battery_voltage": [1.0] * 10, "mood": [1.0] * 10}, 422, "subsystems.eps.mood: no channel"),
        ({"battery_voltage": [1.0] * 10, "battery_current": [1.0] * 9}, 400,
         "subsystems.eps.battery_current must contain at least 10 elements"),
        ({}, 422, "subsystems.eps: no channel is given"),
    ],
)  # fmt: skip
def test_refusal_names_the_channel_that_it_is_about(
    channels: dict[str, list[float]], status: int, said: str
) -> None:
    posted = {"model_name": "lstm_timeseries", "subsystems": {"eps": channels}}
    with pytest.raises(RequestRefused, match=said) as refused:
        check_request(
            SubmitRequest.model_validate(posted), models={"lstm_timeseries": ["1"]}, mission=MISSION
        )
    assert refused.value.status == status


def test_task_arguments_survive_json() -> None:
    for path in EXAMPLES.glob("submit_*.json"):
        planned = plan_submission(example(path.name), job_id="job", created_at=NOW, mission=MISSION)
        for task in planned.tasks:
            assert json.loads(json.dumps(task.arguments))[0] == "job"
        assert len(planned.tasks) == len(planned.inputs) == planned.job.total_subsystems


def test_task_is_the_same_when_it_is_built_again_from_the_stored_row() -> None:
    for path in EXAMPLES.glob("submit_*.json"):
        planned = plan_submission(example(path.name), job_id="job", created_at=NOW, mission=MISSION)
        for item, task in zip(planned.inputs, planned.tasks, strict=True):
            again = submitted_task(
                planned.job,
                subsystem=item.subsystem,
                model_name=item.model_name,
                stored=json.loads(json.dumps(item.input_data)),
                features=list(item.input_features),
            )
            assert json.dumps(again.arguments) == json.dumps(task.arguments)
            assert again.task_id == task.task_id


def test_posted_metadata_is_stored_as_it_came() -> None:
    posted = {
        "satellite_id": "SAT-001", "source": "manual", "trigger_reason": "manual_test", "timestamp": "mine",
        "total_subsystems": "many", "pattern": "sine",
    }  # fmt: skip
    text = json.loads((EXAMPLES / "submit_series.json").read_text(encoding="utf-8")) | {"metadata": posted}
    request = SubmitRequest.model_validate(text)
    planned = plan_submission(request, job_id="job", created_at=NOW, mission=MISSION)
    stamps = {"created_at": NOW.isoformat(), "submitted_from": "operation_server"}
    assert planned.job.metadata == posted | stamps
    carried = planned.tasks[0].arguments[-1]
    assert carried["total_subsystems"] == 1


def test_version_that_is_not_installed_is_refused_with_those_that_are() -> None:
    text = json.loads((EXAMPLES / "submit_series.json").read_text(encoding="utf-8"))
    text["config"] = {"model_version": "7"}
    with pytest.raises(RequestRefused, match="no version 7; known: 1, 2"):
        check_request(
            SubmitRequest.model_validate(text), models={"lstm_timeseries": ["1", "2"]}, mission=MISSION
        )


@pytest.mark.parametrize(
    ("model_name", "asked", "expected"),
    [("lstm_timeseries", None, "4"), ("lstm_timeseries", "2", "2"), ("vae_timeseries", None, None)],
)
def test_subsystems_are_judged_by_the_version_asked_for_or_the_missions(
    model_name: str, asked: str | None, expected: str | None
) -> None:
    mission = MISSION.model_copy(update={"model": Model(name="lstm_timeseries", version="4")})
    text = json.loads((EXAMPLES / "submit_subsystems.json").read_text(encoding="utf-8"))
    text |= {"model_name": model_name, "config": {"model_version": asked}}
    request = SubmitRequest.model_validate(text)
    planned = plan_submission(request, job_id="job", created_at=NOW, mission=mission)
    assert {task.arguments[5].get("model_version") for task in planned.tasks} == {expected}


def test_fill_value_of_a_posted_channel_is_no_sample() -> None:
    content = MISSION.model_dump()
    content["subsystems"]["comm"]["channels"]["rssi_dbm"]["missing"] = [-9999]
    posted = {
        "model_name": "lstm_timeseries",
        "subsystems": {
            "comm": {"rssi_dbm": [-80, -9999] * 5, "data_backlog_mb": [-9999] * 10},
        },
    }
    planned = plan_submission(
        SubmitRequest.model_validate(posted),
        job_id="job",
        created_at=NOW,
        mission=Mission.model_validate(content),
    )
    assert planned.inputs[0].input_data["series"] == {
        "rssi_dbm": [-80, None] * 5,
        "data_backlog_mb": [-9999] * 10,
    }
    assert planned.tasks[0].arguments[3] == planned.inputs[0].input_data["series"]


def test_task_of_posted_channels_names_the_counters_among_them() -> None:
    content = MISSION.model_dump()
    for name, modulo in (("rssi_dbm", 256), ("last_contact_seconds_ago", 65_536)):
        content["subsystems"]["comm"]["channels"][name] |= {"kind": "counter", "modulo": modulo}
    posted = {
        "comm": {"rssi_dbm": [1.0] * 10, "data_backlog_mb": [1.0] * 10},
        "thermal": {"obc_temp": [1.0] * 10},
    }
    request = SubmitRequest.model_validate({"model_name": "lstm_timeseries", "subsystems": posted})
    mission = Mission.model_validate(content)
    planned = plan_submission(request, job_id="job", created_at=NOW, mission=mission)
    configs = {task.arguments[1]: task.arguments[5] for task in planned.tasks}
    assert configs["comm"]["moduli"] == {"rssi_dbm": 256}
    assert "moduli" not in configs["thermal"]


def test_digest_ignores_the_order_of_keys_and_sees_values() -> None:
    text = json.loads((EXAMPLES / "submit_series.json").read_text(encoding="utf-8"))
    turned = SubmitRequest.model_validate(dict(reversed(text.items())))
    assert digest_of(turned) == digest_of(example("submit_series.json"))
    text["data"][0] += 1
    assert digest_of(SubmitRequest.model_validate(text)) != digest_of(turned)
