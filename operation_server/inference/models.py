"""The models that a client may choose for a posted series."""

from pathlib import Path
from typing import Annotated, Final

from fastapi import Depends

from operation_server.http.dependencies import Slot
from telemetry_core.contract.models import model_versions

MODEL_REPOSITORY: Final = Slot[Path]("model_repository")

ProvidedRepository = Annotated[Path, Depends(MODEL_REPOSITORY)]


def known_models(repository: Path) -> dict[str, list[str]]:
    """Map the models of the repository, its folders that hold a configuration, to their versions."""
    names = sorted(path.parent.name for path in repository.glob("*/config.pbtxt"))
    return {name: model_versions(repository, name) for name in names}
