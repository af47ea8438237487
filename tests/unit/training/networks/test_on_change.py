"""Telemetry that sends only what changed is judged as if it sent everything."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

import pytest

from recordings.preview import ModelFile, verdicts
from simulator.constellation import satellite_ids, simulate
from simulator.faults import parse_fault
from simulator.on_change import OnChange
from telemetry_core.contract.inferences import Verdict
from telemetry_core.contract.mission import Mission
from telemetry_core.service.settings import load_mission
from tests.unit.training.simulated_records import Message, records_of_messages

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).parents[4]
START = datetime(2026, 6, 1, tzinfo=UTC)
MODEL = ModelFile(CHECKOUT / "model_repository" / "lstm_timeseries" / "1")
SEED = 21
"""Nothing was chosen on it."""
STRUCK_AT = 100
FAULTS = {
    "eps": "drift:battery_temperature*3",
    "thermal": "stuck:obc_temp",
    "aocs": "noise:gyro_x*3",
    "comm": "noise:rssi_dbm*3",
}


def mission(reporting: str) -> Mission:
    """The default one with every sample set judged, every channel sent so."""
    content = load_mission(CHECKOUT / "missions" / "default.yaml").model_dump()
    content["periodic"]["share"] = 1.0
    for subsystem in content["subsystems"].values():
        for channel in subsystem["channels"].values():
            channel["reporting"] = reporting
    return Mission.model_validate(content)


Judged = dict[tuple[str, str], tuple[Verdict | None, float | None]]
"""Verdict and score by job and subsystem."""


def judged(messages: Iterable[Message], reporting: str) -> Judged:
    rows = verdicts(records_of_messages(messages), mission(reporting), MODEL)
    return {(row.job_id, row.subsystem): (row.verdict, row.anomaly_score) for row in rows}


def anomalous(found: Judged) -> set[tuple[str, str]]:
    return {key for key, (verdict, _) in found.items() if verdict is Verdict.ANOMALOUS}


@pytest.mark.parametrize("interval_s", [1.0, 30.0])
def test_nominal_telemetry_sent_on_change_is_nominal(interval_s: float) -> None:
    messages = list(simulate(2, START, interval_s, 200, SEED, []))
    found = judged(OnChange().changed(messages), "on_change")
    assert len(found) > 1500
    assert anomalous(found) <= anomalous(judged(messages, "periodic"))
    assert len(anomalous(found)) <= len(found) / 1000
    assert {verdict for verdict, _ in found.values()} - {Verdict.ANOMALOUS} == {
        Verdict.NOMINAL,
        Verdict.WARMING_UP,
    }


def test_without_the_setting_it_looks_as_if_channels_had_ceased() -> None:
    assert anomalous(judged(OnChange().changed(simulate(2, START, 30.0, 200, SEED, [])), "periodic"))


@pytest.mark.parametrize("subsystem", FAULTS)
def test_faults_are_found_as_in_telemetry_that_is_sent_whole(subsystem: str) -> None:
    kind, _, channel = FAULTS[subsystem].partition(":")
    fault = parse_fault(f"{kind}:{subsystem}.{channel}@{STRUCK_AT}", satellite_ids(1))
    messages = list(simulate(1, START, 1.0, 180, SEED, [fault]))
    whole = judged(messages, "periodic")
    on_change = judged(OnChange().changed(messages), "on_change")
    assert anomalous(whole)
    assert anomalous(on_change) == anomalous(whole)
    different = {key: (whole[key], found) for key, found in on_change.items() if found != whole[key]}
    assert not different
