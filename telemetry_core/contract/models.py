"""The model repository as the services see it: a folder for each model, in it one for each version."""

from pathlib import Path
from typing import Final

MODEL_VERSION_PATTERN: Final = r"^[1-9][0-9]{0,18}$"


def model_versions(repository: Path, model_name: str) -> list[str]:
    """List the versions of a model, oldest first; as Triton does, count only folders named by a number."""
    names = [path.name for path in (repository / model_name).glob("*/") if path.name.isdecimal()]
    return sorted((name for name in names if not name.startswith("0")), key=int)


def newest_version(repository: Path, model_name: str) -> str | None:
    """Return the version that Triton serves if none is named; None if the model has none."""
    versions = model_versions(repository, model_name)
    return versions[-1] if versions else None
