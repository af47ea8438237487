"""Declare the forecasts' length in exported graphs, no weight touched: `python -m training.declare_horizon`.

The files' hashes and sizes in the training reports follow.
"""

import hashlib
from pathlib import Path

from training.evaluation.evaluate import HORIZONS
from training.evaluation.report import REPORTS
from training.networks.horizon import declare_horizon

REPOSITORY = Path(__file__).parents[1] / "model_repository"


def main() -> None:
    """Rewrite every model.onnx of the repository and the reports that name one."""
    for path in sorted(REPOSITORY.glob("*/1/model.onnx")):
        before = path.read_bytes()
        declare_horizon(path, HORIZONS[-1])
        _renew_report(f"{path.parents[1].name}-1", before, path.read_bytes())


def _renew_report(stem: str, before: bytes, after: bytes) -> None:
    """Follow in the report's JSON and Markdown what they name of the file."""
    for report in REPORTS.glob(f"{stem}.*"):
        text = report.read_text(encoding="utf-8")
        for named in (_sha256, _size):
            text = text.replace(named(before), named(after))
        report.write_text(text, encoding="utf-8")


def _sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _size(content: bytes) -> str:
    return str(len(content))


if __name__ == "__main__":
    main()
