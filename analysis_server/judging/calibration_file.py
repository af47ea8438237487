"""The file of constants beside a model version."""

import hashlib
import json
from pathlib import Path
from typing import Final

from scoring.calibration import Calibration, parse_calibration

CALIBRATION_FILE: Final = "calibration.json"


def load_calibration(directory: Path) -> Calibration:
    """Read the constants beside a model version.

    Raises:
        FileNotFoundError: The folder holds no calibration.
        ValueError: The file is damaged or was made for other measures; the message names it.
    """
    path = directory / CALIBRATION_FILE
    content = path.read_bytes()
    try:
        return parse_calibration(json.loads(content), hashlib.sha256(content).hexdigest())
    except (LookupError, TypeError, ValueError, AttributeError) as error:
        raise ValueError(
            f"{path} is not a calibration for this version: run python -m training.calibrate ({error!r})"
        ) from error
