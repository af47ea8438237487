"""The page of the field suite says what its figures say."""

from typing import Any

from benchmarks.detection.detectability import page
from benchmarks.detection.field.faults import FAULTS
from benchmarks.detection.field.figures import FOUND, LEARNING, MISSED

CONFIG = {"recordings": 3, "satellites": 10, "lead_steps": 80, "fault_steps": 150}


def cell(
    interval_s: float,
    *,
    judged: int = 400,
    result: str = FOUND,
    packets: str = "one",
    constants: str = "shipped",
    learned: dict[str, Any] | None = None,
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
        "interval_s": interval_s, "packets": packets, "constants": constants, "state": state,
        "learned": learned or {}, "nominal": nominal, "faults": faults,
        "without_fault": {"found_share": 0.125}, "read_back": None,
        "all_faults": {"faults": 7, "found": 7 * int(share)},
    }  # fmt: skip


def text_of(*cells: dict[str, Any]) -> str:
    return page({"cells": list(cells), "config": CONFIG})


def test_a_line_holds_the_counts_of_its_cell() -> None:
    text = text_of(cell(2.0))
    assert "| shipped, one | 2 | 400 | 2 | 5.0 | 1 | 0.25 |" in text
    assert "| shipped, one | 2 |" + " 100%, 26 s |" * len(FAULTS) + " 12% |" in text
    assert "Every cell that was measured is judged." in text
    assert "every 2 s," in text
    assert "- shipped: none." in text
    assert "None was measured." in text


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


def test_each_source_has_its_lines_and_what_still_learns_is_not_missed() -> None:
    text = text_of(
        cell(1.0),
        cell(1.0, constants="learned", result=LEARNING),
        cell(1.0, constants="posted", result=MISSED),
    )
    assert "| posted, one | 1 | 400 |" in text
    assert "- learned: none." in text
    assert "- posted: drift in `eps.battery_voltage` (1 s);" in text


def test_what_is_learned_stands_with_its_samples_and_what_is_not_with_its_reasons() -> None:
    lessons = {
        "eps": {"learned": 8, "samples_median": 2420.0, "refused": {"check_failed": 2}},
        "comm": {"learned": 0, "samples_median": None, "refused": {"not_settled": 10}},
    }
    text = text_of(cell(5.0, constants="learned", learned=lessons))
    assert "| one | 5 | 8 of 2420, 2 check failed | 10 not settled |" in text


def test_what_was_read_back_is_summed_up_by_source() -> None:
    kept = {"read_back": {"verdicts": 900, "alarms": 40}}
    text = text_of(
        cell(1.0) | kept, cell(2.0, result=MISSED) | kept, cell(5.0), cell(1.0, constants="learned") | kept
    )
    assert "| shipped | 2 of 3 | 1800 | 80 | 2 in 0.5 satellite-days | 7 of 14 | 0.500 | 26 s |" in text
    assert "| learned | 1 of 1 | 900 | 40 | 1 in 0.2 satellite-days | 7 of 7 | 1.000 | 26 s |" in text
    assert "These are: shipped, one every 1 s; shipped, one every 2 s; learned, one every 1 s." in text
    assert "No cell was." in text_of(cell(1.0))
