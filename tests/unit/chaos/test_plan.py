"""Which faults a run does, and what it needs for them."""

import pytest

from tests.chaos.faults.catalogue import kill, silence
from tests.chaos.plan import missing_packages


def test_run_without_its_tools_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert missing_packages([kill("kafka"), silence("kafka")]) == ["nftables"]


def test_kills_need_no_package(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    assert missing_packages([kill("kafka"), kill("postgres")]) == []
