"""How a task's arguments are given: in the manual's order, by name, or as one batch."""

from typing import Any

import pytest

from analysis_server.windows.reading import read_subsystem_task
from telemetry_core.contract.errors import ModelContractError
from tests.unit.telemetry_core.contract.test_tasks import batch

ARGUMENTS = ("j1", "eps", "lstm_timeseries", {"battery_voltage": [3.9] * 12})


def read(*arguments: Any, **named: Any) -> Any:
    return read_subsystem_task(arguments, named, newest_version=lambda _: "1")


def test_arguments_say_the_same_in_order_and_by_name() -> None:
    in_order, no_batch = read(*ARGUMENTS)
    by_name, _ = read(ARGUMENTS[0], subsystem="eps", model_name="lstm_timeseries", input_data=ARGUMENTS[3])
    assert no_batch is None
    for task in (in_order, by_name):
        assert (task.jobs[0].job_id, task.subsystem, task.channels) == ("j1", "eps", ("battery_voltage",))


@pytest.mark.parametrize(
    ("arguments", "named"), [(("j1",), {}), ((), {"job_id": "j1"}), (ARGUMENTS, {"config": {}})]
)
def test_batch_is_refused_beside_other_arguments(arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
    with pytest.raises(ModelContractError, match="no other arguments beside it"):
        read(*arguments, **named, batch=batch().to_payload())
