"""Nominal telemetry with losses is nominal; what comes irregularly is learning; what ceases is found."""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from recordings.preview import ModelFile, verdicts
from simulator.constellation import simulate
from telemetry_core.contract.inferences import SubsystemInference, Verdict
from telemetry_core.service.settings import load_mission
from tests.unit.training.simulated_records import Message, records_of_messages

pytestmark = pytest.mark.slow

CHECKOUT = Path(__file__).parents[4]

START = datetime(2026, 6, 1, tzinfo=UTC)
MODEL = ModelFile(CHECKOUT / "model_repository" / "lstm_timeseries" / "1")
DEFAULT = load_mission(CHECKOUT / "missions" / "default.yaml")
MISSION = DEFAULT.model_copy(update={"periodic": DEFAULT.periodic.model_copy(update={"share": 1.0})})
SEED = 21
"""Nothing was chosen on it."""

Loss = Callable[[int], bool]
"""From a step to whether its message is sent."""


def sent(interval_s: float, steps: int, is_sent: Loss) -> Iterator[Message]:
    for step, message in enumerate(simulate(1, START, interval_s, steps, SEED, [])):
        if is_sent(step):
            yield message


def without(messages: Iterable[Message], share: float) -> Iterator[Message]:
    """Lose each channel's samples by themselves."""
    generator = np.random.default_rng(SEED)
    for message in messages:
        yield {
            name: {channel: value for channel, value in part.items() if generator.random() >= share}
            if isinstance(part, dict)
            else part
            for name, part in message.items()
        }


def judged(messages: Iterable[Message]) -> list[SubsystemInference]:
    return list(verdicts(list(records_of_messages(messages)), MISSION, MODEL))


def counts(rows: Iterable[SubsystemInference]) -> dict[Verdict | None, int]:
    found = [row.verdict for row in rows]
    return {verdict: found.count(verdict) for verdict in set(found)}


def at_random(share: float) -> Loss:
    generator = np.random.default_rng(SEED)
    return lambda _: generator.random() >= share


@pytest.mark.parametrize(("interval_s", "share"), [(1.0, 0.1), (1.0, 0.3), (30.0, 0.3)])
def test_whole_messages_lost_are_no_evidence(interval_s: float, share: float) -> None:
    found = counts(judged(sent(interval_s, 160, at_random(share))))
    assert found.get(Verdict.ANOMALOUS, 0) == 0
    assert found[Verdict.NOMINAL] > 150


@pytest.mark.parametrize("share", [0.05, 0.3])
def test_samples_lost_of_each_channel_by_itself_are_no_evidence(share: float) -> None:
    found = counts(judged(without(sent(1.0, 120, lambda _: True), share)))
    assert found.get(Verdict.ANOMALOUS, 0) == 0
    assert found[Verdict.NOMINAL] > 400


@pytest.mark.parametrize(
    "is_sent",
    [lambda step: step % 60 < 10, lambda step: step % 12 < 2, at_random(0.85)],
    ids=["10 of 60", "2 of 12", "Poisson"],
)
def test_irregular_telemetry_is_learning_with_its_reason(is_sent: Loss) -> None:
    rows = judged(sent(1.0, 400, is_sent))
    found = counts(rows)
    assert found.get(Verdict.ANOMALOUS, 0) == 0
    assert found[Verdict.LEARNING] > 0.6 * len(rows)
    learning = [row for row in rows if row.verdict is Verdict.LEARNING]
    assert {why for row in learning for why in row.input_data["without_window"].values()} == {"irregular"}


def test_a_change_of_cadence_is_never_anomalous() -> None:
    steps = {*range(100), *range(100, 800, 10), *range(800, 900)}
    found = counts(judged(sent(1.0, 900, steps.__contains__)))
    assert found.get(Verdict.ANOMALOUS, 0) == 0
    assert found[Verdict.NOMINAL] > 400


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_a_channel_that_ceases_is_found_within_losses(share: float) -> None:
    def battery_gone(messages: Iterable[Message]) -> Iterator[Message]:
        for step, message in enumerate(messages):
            eps = dict(message["eps"])
            if step >= 80 * (1 - share):
                del eps["battery_voltage"]
            yield message | {"eps": eps}

    rows = [row for row in judged(battery_gone(sent(1.0, 130, at_random(share)))) if row.subsystem == "eps"]
    found = [row for row in rows if row.anomaly_detected]
    assert found
    first = found[0].generated_at
    assert first is not None
    ceased = START.timestamp() + 80
    assert -5 <= first.timestamp() - ceased <= 20
    assert rows[-1].verdict is Verdict.ANOMALOUS
