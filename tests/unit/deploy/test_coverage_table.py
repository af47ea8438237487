"""Which coverage is enough, of reports as coverage.py writes them."""

import json
from pathlib import Path
from typing import Any

import pytest

from deploy.coverage_table import PACKAGES, Coverage, coverage_of, main, table


def summary(lines: int, branches: int) -> dict[str, Any]:
    """Of a file with 100 lines and 20 branches."""
    counts = {"covered_lines": lines, "num_statements": 100, "covered_branches": branches, "num_branches": 20}
    return {"summary": counts}


@pytest.mark.parametrize(
    ("lines", "branches", "status"), [(95, 19, 0), (100, 20, 0), (94, 20, 1), (100, 18, 1)]
)
def test_lines_and_branches_of_each_package_must_be_enough(
    lines: int, branches: int, status: int, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {f"{package}/a.py": summary(100, 20) for package in PACKAGES}
    files["scoring/a.py"] = summary(lines, branches)
    report = tmp_path / "coverage.json"
    report.write_text(json.dumps({"files": files}))
    assert main([str(report)]) == status
    assert ("too little" in capsys.readouterr().out) == bool(status)


def test_files_of_a_package_are_summed_and_no_other_ones() -> None:
    files = {
        "scoring/a.py": summary(90, 10),
        "scoring/b/c.py": summary(80, 20),
        "scoring_more/a.py": summary(0, 0),
    }
    assert coverage_of("scoring", {"files": files}) == Coverage("scoring", 170, 200, 30, 40)


def test_package_that_nothing_measured_is_no_success() -> None:
    with pytest.raises(ValueError, match="no file of scoring/"):
        coverage_of("scoring", {"files": {}})


def test_package_without_branches_has_run_them_all() -> None:
    assert "100.0%" in table([Coverage("scoring", 5, 5, 0, 0)])
