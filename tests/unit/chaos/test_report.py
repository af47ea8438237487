"""The page of reliability and the verdict of a soak, from figures."""

import json
from pathlib import Path

import pytest

from tests.chaos.report import render
from tests.chaos.slopes import slope

DOCS = Path(__file__).resolve().parents[3] / "docs"


def outcome(fault: str, *, lost: int = 0, drained_s: float | None = 4.0) -> dict[str, object]:
    account = {
        "demanded": 10,
        "effective": 10 - lost,
        "duplicate": 1,
        "lost": lost,
        "unexpected": 0,
        "amiss": ["lost job-1/eps"] * lost,
    }
    return {
        "fault": fault,
        "lasted_s": 2.0,
        "first_verdict_s": 1.26,
        "drained_s": drained_s,
        "accounts": {"rows": account},
        "problem": "",
        "is_healed": drained_s is not None,
    }


def run(*outcomes: dict[str, object]) -> dict[str, object]:
    return {
        "seed": 7,
        "minutes": 60.0,
        "spent_s": 600.0,
        "machine": "2 cores",
        "problems_at_the_end": [],
        "slices": [{"sent": 20, "accepted": 20, "outcomes": [entry]} for entry in outcomes],
    }


def test_page_sums_the_slices_and_lists_every_fault() -> None:
    page = render(run(outcome("kill:kafka"), outcome("restart")))
    assert "2 faults in 10 minutes, 2 healed in time." in page
    assert "40 messages sent, 40 accepted." in page
    assert "| rows | 20 | 20 | 2 | 0 | 0 |" in page
    assert "| `kill:kafka` | 2.0 | 1.3 | 4.0 | yes |" in page
    assert "did not heal" not in page


def test_page_names_what_a_fault_lost() -> None:
    page = render(run(outcome("kill:kafka", lost=1, drained_s=None)))
    assert "| `kill:kafka` | 2.0 | 1.3 | never | **no** |" in page
    assert "- `kill:kafka`: lost job-1/eps" in page


def test_fault_that_healed_when_it_was_tried_again_is_named_apart_and_counts_once() -> None:
    page = render(run(outcome("kill:kafka", lost=1, drained_s=None), outcome("kill:kafka")))
    assert "1 faults in 10 minutes, 1 healed in time." in page
    assert "| rows | 10 | 10 | 1 | 0 | 0 |" in page
    assert "What did not heal" not in page
    assert "tried again\n\n- `kill:kafka`: lost job-1/eps" in page


@pytest.mark.parametrize(
    ("values", "is_bounded"),
    [
        ([70, 300, 400, 500, 500, 501, 500, 500], True),
        ([70, 100, 150, 200, 250, 300, 350, 400], False),
        ([100.0] * 8, True),
    ],
)
def test_memory_may_grow_while_it_warms_up_and_not_afterwards(
    values: list[float], *, is_bounded: bool
) -> None:
    found = slope("pss_mb", [1000.0 * number for number in range(8)], values)
    assert found.is_bounded == is_bounded


def test_slope_is_told_per_million_messages() -> None:
    found = slope("disk_mb", [0.0, 1000.0, 2000.0, 3000.0], [0.0, 1.0, 2.0, 3.0])
    assert found.per_million == pytest.approx(1000.0)
    assert found.is_bounded


def test_published_page_is_written_from_the_figures_beside_it() -> None:
    figures = json.loads((DOCS / "reliability.json").read_text(encoding="utf-8"))
    assert (DOCS / "reliability.md").read_text(encoding="utf-8") == render(figures)
