"""Every view of the console with an address that shows it filled."""

from collections.abc import Mapping
from typing import Final

#: Name to address; `{satellite}`, `{job}` and `{alert}` stand for ones that exist.
VIEWS: Final[Mapping[str, str]] = {
    "fleet": "/",
    "satellite": "/satellites/{satellite}?subsystem=eps&range=5m",
    "alerts": "/alerts",
    "alert": "/alerts/{alert}",
    "shift": "/shift",
    "performance": "/performance",
    "limits": "/limits",
    "jobs": "/jobs",
    "job": "/jobs/{job}",
    "inference": "/inference",
    "search": "/search?q={satellite}",
    "pipeline": "/pipeline",
    "dead-letters": "/dead-letters?state=any",
}
ON_PHONES: Final = ("fleet", "alerts", "alert", "shift", "performance")
