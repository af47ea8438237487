"""A message is sent from Kafka's client to the row: architecture.md names every form and file on its way."""

import json
import re
import sys
from dataclasses import is_dataclass
from datetime import UTC, datetime
from pathlib import Path
from types import CodeType, FrameType, SimpleNamespace
from typing import Any, Self

import pytest

from analysis_server.delivery.saving import commit, save_apart
from analysis_server.judging.inference import infer_windows
from analysis_server.windows.reading import read_subsystem_task
from kafka_inference_trigger.dispatch import Dispatcher, batch_publisher
from kafka_inference_trigger.trigger import InferenceTrigger
from recordings.preview import ModelFile
from simulator.constellation import simulate
from telemetry_core.kafka.records import Record, record_of
from telemetry_core.service.settings import load_mission
from tests.unit.postgres import Statements
from tests.unit.training.simulated_records import records_of_messages

pytestmark = pytest.mark.slow

ROOT = Path(__file__).resolve().parents[3]
PACKAGES = ("kafka_inference_trigger", "analysis_server", "telemetry_core", "scoring")
SERVICES = tuple(f"{ROOT / name}/" for name in PACKAGES)
START = datetime(2026, 5, 1, 12, tzinfo=UTC)
SAMPLE_SETS = 80

OF_A_SERVER = {"Forecast"}
"""Triton is not there."""
WITHIN_A_STOP = {"Axis", "ModelUnits", "Windows"}
"""How a stop lays out the arrays that it computes with; the next one does not see them."""
NOT_THE_MESSAGE = {"Calibration", "Plan", "SavedCounts"}
"""Constants, the list of what many messages become, and how many rows were new."""


class Handovers:
    """Which file of a service hands another one which of the project's dataclasses."""

    def __init__(self) -> None:
        self.seen: set[tuple[str, str]] = set()

    def __enter__(self) -> Self:
        sys.setprofile(self._note)
        return self

    def __exit__(self, *_: object) -> None:
        sys.setprofile(None)

    def _note(self, frame: FrameType, event: str, value: object) -> None:
        if event != "return" or value is None or not _is_of_a_service(frame.f_code):
            return
        caller = frame.f_back
        while caller is not None and not _is_of_a_service(caller.f_code):
            caller = caller.f_back
        if caller is None or caller.f_code.co_filename != frame.f_code.co_filename:
            self.seen |= {(Path(frame.f_code.co_filename).name, name) for name in forms_of(value)}


def _is_of_a_service(code: CodeType) -> bool:
    return code.co_filename.startswith(SERVICES)


def forms_of(value: object, depth: int = 2) -> set[str]:
    """Names of the services' dataclasses in a value, or in the lists and mappings that it is."""
    if is_dataclass(value):
        source = sys.modules[type(value).__module__].__file__ or ""
        return {type(value).__name__} if source.startswith(SERVICES) else set()
    items = value.values() if isinstance(value, dict) else value
    if depth == 0 or not isinstance(items, list | tuple | type({}.values())):
        return set()
    return set().union(*(forms_of(item, depth - 1) for item in items))


def as_read(record: Record) -> Any:
    """A record as Kafka's client hands it over."""
    return SimpleNamespace(
        value=lambda: record.value, key=lambda: record.key, headers=list, partition=lambda: 0,
        offset=lambda: record.offset, timestamp=lambda: (1, record.received_us // 1000),
    )  # fmt: skip


def sent_along() -> set[tuple[str, str]]:
    """Send one sample set of a satellite that has whole windows along the whole path."""
    default = load_mission(ROOT / "missions" / "default.yaml")
    always = default.periodic.model_copy(update={"share": 1.0})
    trigger = InferenceTrigger(
        default.model_copy(update={"periodic": always}), topic="t", clock=lambda: START
    )
    model = ModelFile(ROOT / "model_repository" / "lstm_timeseries" / "1")
    *earlier, newest = records_of_messages(simulate(1, START, 1.0, SAMPLE_SETS, 11, []))
    trigger.fill(earlier)
    published: list[dict[str, Any]] = []
    broker: Any = SimpleNamespace(send_task=lambda _name, **task: published.append(task["kwargs"]))
    dispatcher = Dispatcher(SimpleNamespace(), batch_publisher(broker))  # type: ignore[arg-type]
    database = Statements()
    with Handovers() as handovers:
        dispatcher.send(trigger.plan([record_of(as_read(newest))]))
        arguments = json.loads(json.dumps(published[0]))
        windows, _ = read_subsystem_task([], arguments, newest_version=lambda _: "1")
        rows = infer_windows(windows, infer=model.infer, calibration=model.calibration)
        save_apart(windows, rows, lambda task, part: commit(database.pool, task, part))
    assert database.committed == 1
    return handovers.seen


def test_every_form_and_file_of_a_message_is_on_the_page_and_they_are_counted() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    path = page[page.index("**From Kafka to the row") : page.index("**From the row to the screen")]
    rows = [line.split(" | ") for line in path.splitlines() if re.match(r"\| \d+ \|", line)]
    forms = {name for row in rows for name in re.findall(r"`(\w+)`", row[-1])}
    stops, counted = re.findall(r"(\d+) stops in (\d+) forms", path)[0]
    assert [row[0] for row in rows] == [f"| {number}" for number in range(1, int(stops) + 1)]
    assert len(forms) == int(counted)

    seen = sent_along()
    assert {form for _, form in seen} - WITHIN_A_STOP - NOT_THE_MESSAGE == forms - OF_A_SERVER
    files = {file for file, form in seen if form in forms}
    assert files <= set(re.findall(r"/(\w+\.py)\)", path))
