from types import SimpleNamespace

import pytest
from celery.app.task import Context
from prometheus_client import REGISTRY

from analysis_server import worker
from analysis_server.arguments import parse_series
from analysis_server.delivery import GIVE_UP_AT
from telemetry_core.errors import ModelContractError

TASK = parse_series({"job_id": "j1", "model_name": "gone", "data": [1.0] * 10}, newest_version={}.get)


def delivered(count):
    return SimpleNamespace(request=Context({"id": "task", "x-delivery-count": count}))


def failed_verdicts():
    labels = {"subsystem": "series", "verdict": "failed"}
    return REGISTRY.get_sample_value("inference_verdicts_total", labels) or 0


def refuse(_task):
    raise ModelContractError("model gone is not in the repository")


def test_failed_task_leaves_a_row_and_counts_as_failed(monkeypatch):
    saved = []
    monkeypatch.setattr(worker, "_infer", refuse)
    monkeypatch.setattr(worker, "_save", lambda _self, _task, rows, _loop: saved.extend(rows))
    before = failed_verdicts()
    with pytest.raises(ModelContractError):
        worker._handle(delivered(1), TASK)
    assert [(row.status, row.model_version) for row in saved] == [("failed", "none")]
    assert failed_verdicts() == before + 1


def test_task_given_up_counts_as_failed(monkeypatch):
    monkeypatch.setattr(worker, "_save", lambda _self, _task, _rows, _loop: None)
    before = failed_verdicts()
    with pytest.raises(worker.Reject):
        worker._handle(delivered(GIVE_UP_AT), TASK)
    assert failed_verdicts() == before + 1
