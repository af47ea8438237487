"""How Hypothesis runs: a busy machine makes no example wrong. And logs are again as a test expects them."""

from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

settings.register_profile("untimed", deadline=None)
settings.load_profile("untimed")


@pytest.fixture(autouse=True)
def own_logs() -> Iterator[None]:
    """Forget how a service that a test started logs: loggers would keep it from their first line on."""
    yield
    structlog.reset_defaults()
