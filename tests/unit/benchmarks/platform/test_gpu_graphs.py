"""The page of GPU figures is the one that its measured figures give."""

import json
from pathlib import Path

from benchmarks.platform.gpu_graphs import page

FOLDER = Path(__file__).parents[4] / "docs" / "benchmarks"


def test_page_is_generated_from_the_measured_figures() -> None:
    found = json.loads((FOLDER / "gpu.json").read_text(encoding="utf-8"))
    assert (FOLDER / "gpu.md").read_text(encoding="utf-8") == "\n".join(page(found)) + "\n"
