"""The service of these tests."""

import pytest

from tests.unit.alarm_server.memory_store import MemoryStore
from tests.unit.alarm_server.platform import Platform


@pytest.fixture
def platform(monkeypatch: pytest.MonkeyPatch) -> Platform:
    store = MemoryStore()
    store.patch(monkeypatch)
    return Platform(store)
