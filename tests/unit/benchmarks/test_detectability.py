"""The page of the field suite says what its figures say."""

from typing import Any

from tests.benchmarks.detection.detectability import page
from tests.benchmarks.detection.field_faults import FAULTS
from tests.benchmarks.detection.field_figures import FOUND, MISSED

CONFIG = {"recordings": 3, "satellites": 10, "lead_steps": 80, "fault_steps": 150}


def cell(
    interval_s: float, *, judged: int = 400, result: str = FOUND, packets: str = "one"
) -> dict[str, Any]:
    share = float(result == FOUND)
    faults = {
        kind: {"found_share": share, "delay_median_s": 26.4, "channels": {"eps.battery_voltage": result}}
        for kind in FAULTS
    }
    nominal = {
        "judged": judged, "anomalous": 2, "false_alarms_per_1000": 5.0, "alerts": 1, "satellite_days": 0.25,
    }  # fmt: skip
    state = "judged" if judged else "learning"
    return {
        "interval_s": interval_s, "packets": packets, "constants": "shipped", "state": state,
        "nominal": nominal, "faults": faults,
    }  # fmt: skip


def text_of(*cells: dict[str, Any]) -> str:
    return page({"cells": list(cells), "config": CONFIG})


def test_a_line_holds_the_counts_of_its_cell() -> None:
    text = text_of(cell(2.0))
    assert "| shipped, one | 2 | 400 | 2 | 5.0 | 1 | 0.25 |" in text
    assert "| shipped, one | 2 |" + " 100%, 26 s |" * len(FAULTS) in text
    assert "Every cell that was measured is judged." in text
    assert "every 2 s," in text
    assert "one packet: none." in text


def test_cells_without_verdicts_are_named_and_have_no_line() -> None:
    text = text_of(cell(2.0), cell(30.0, judged=0), cell(60.0, judged=0))
    assert "Learning, with no verdict to count: shipped, one every 30 s; shipped, one every 60 s." in text
    assert "| 30 |" not in text
    assert "every 2 to 60 s," in text


def test_what_is_not_found_is_named_by_kind_channel_and_interval() -> None:
    text = text_of(
        cell(1.0, result=MISSED), cell(5.0, result=MISSED), cell(2.0, result=MISSED, packets="by turns")
    )
    assert "drift in `eps.battery_voltage` (1 s, 5 s)" in text
