"""A checkout for init-kafka.sh."""

import shutil
from pathlib import Path

import pytest

from tests.unit.deploy.host.init_kafka import CHECKOUT, FILES, FOLDERS, PORT_KEYS, free_ports


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "my satellites"
    for name in FOLDERS:
        shutil.copytree(CHECKOUT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in FILES:
        shutil.copy(CHECKOUT / name, folder / name)
    free = "".join(f"{key}={port}\n" for key, port in zip(PORT_KEYS, free_ports(len(PORT_KEYS)), strict=True))
    (folder / ".env").write_text(free)
    return folder
