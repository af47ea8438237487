"""Which requests are accepted: a browser on this machine is inside the loopback, whatever page it shows."""

import ipaddress
import re
import socket
from collections.abc import Collection, Iterable, Mapping
from typing import Final
from urllib.parse import urlsplit

_HOST: Final = re.compile(r"(\[[0-9a-f:.]+\]|[a-z0-9._-]+)(:\d{1,5})?", re.IGNORECASE)
HOST_NAME: Final = re.compile(
    r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*", re.IGNORECASE
)


def own_names(configured: Iterable[str]) -> frozenset[str]:
    """Names of this process: localhost, that of its machine or container, and those of ALLOWED_HOSTS."""
    return frozenset(name.lower() for name in ("localhost", socket.gethostname(), *configured))


def is_own_host(header: str, names: Collection[str]) -> bool:
    """Tell whether a Host header names this machine: by address, or by one of `names`.

    A page of another site that had its own name point here (DNS rebinding) sends that name.
    """
    match = _HOST.fullmatch(header)
    return match is not None and (_is_address(match[1]) or match[1].lower().removesuffix(".") in names)


def is_own_page(method: str, headers: Mapping[str, str]) -> bool:
    """Tell whether a request comes from no page, or from one of the host it asks, or opens a page to look at.

    What another site's page loads (an image, a script, a frame) bears no Origin; browsers mark it in
    Sec-Fetch-Site, where another port of this machine is `same-site`. A followed link, GET of a document,
    is let through.
    """
    origin, host = headers.get("origin"), headers.get("host") or ""
    if origin is not None and origin.lower() in {f"http://{host}".lower(), f"https://{host}".lower()}:
        return True
    return is_same_host(origin, host) and (
        (headers.get("sec-fetch-site") or "none") in {"none", "same-origin"} or _follows_link(method, headers)
    )


def _follows_link(method: str, headers: Mapping[str, str]) -> bool:
    kind = headers.get("sec-fetch-mode"), headers.get("sec-fetch-dest")
    return method in {"GET", "HEAD"} and kind == ("navigate", "document")


def is_same_host(origin: str | None, header: str) -> bool:
    """Tell whether a request comes from no page, or from one of the host it asks; the ports may differ."""
    if origin is None:
        return True
    try:
        return urlsplit(origin).hostname == urlsplit(f"//{header}").hostname
    except ValueError:
        return False


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host.removeprefix("[").removesuffix("]"))
    except ValueError:
        return False
    return True
