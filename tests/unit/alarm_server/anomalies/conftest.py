"""Folding in small pieces."""

from collections.abc import Iterable

import pytest

from alarm_server.anomalies import folding, projection


@pytest.fixture(autouse=True, scope="module")
def short_pieces() -> Iterable[None]:
    """Little is folded at a time, so that a short stream meets every border."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(projection, "PIECE", 5)
        patch.setattr(folding, "CHECKPOINT_EVERY", 4)
        yield
