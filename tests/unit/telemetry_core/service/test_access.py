import pytest

from telemetry_core.service.access import is_own_host, is_own_page, is_same_host, own_names

NAMES = own_names(["telemetry.example"])


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "localhost:8000", "LOCALHOST", "localhost.", "127.0.0.1:80", "[::1]", "[::1]:8000",
        "192.168.7.9:8000", "telemetry.example", "Telemetry.Example:443",
    ],
)  # fmt: skip
def test_own_names_and_addresses_are_answered(host: str) -> None:
    assert is_own_host(host, NAMES)


@pytest.mark.parametrize(
    "host",
    [
        "", "evil.example", "evil.example:8000", "localhost.evil.example", "evil-localhost", "localhost:",
        "evil.example@localhost", "localhost@evil.example", "localhost:8000:1", "localhost/evil.example",
        "127.0.0.1.evil.example", "[::1", "[evil]", "localhost, evil.example", "xtelemetry.example",
        "sub.telemetry.example",
    ],
)  # fmt: skip
def test_any_other_name_is_foreign(host: str) -> None:
    assert not is_own_host(host, NAMES)


@pytest.mark.parametrize(
    ("origin", "host", "expected"),
    [
        (None, "localhost:8000", True),
        ("http://localhost:8088", "localhost", True),
        ("http://[::1]:8088", "[::1]:8000", True),
        ("http://elsewhere.example", "localhost:8000", False),
        ("http://127.0.0.1:8000", "localhost:8000", False),
        ("null", "localhost:8000", False),
        ("", "localhost:8000", False),
        ("http://[bad", "localhost:8000", False),
    ],
)
def test_only_pages_of_the_host_that_is_asked_are_its_own(
    origin: str | None, host: str, *, expected: bool
) -> None:
    assert is_same_host(origin, host) is expected


@pytest.mark.parametrize(
    ("method", "site", "mode", "destination", "origin", "expected"),
    [
        ("GET", "cross-site", "no-cors", "image", None, False),
        ("GET", "same-site", "no-cors", "image", None, False),
        ("GET", "cross-site", "navigate", "iframe", None, False),
        ("GET", "cross-site", "navigate", "document", None, True),
        ("HEAD", "same-site", "navigate", "document", None, True),
        ("POST", "same-site", "navigate", "document", "http://localhost:3000", False),
        ("POST", "same-site", "cors", "empty", "http://localhost:3000", False),
        ("GET", "same-site", "websocket", "websocket", "http://localhost:3000", False),
        ("GET", "same-origin", "cors", "empty", None, True),
        ("POST", "same-origin", "cors", "empty", "http://localhost:8000", True),
        ("GET", "cross-site", "websocket", "empty", "http://localhost:8000", True),
        ("GET", "none", "navigate", "document", None, True),
        ("GET", "", "", "", None, True),
        ("GET", "new-word", "cors", "empty", None, False),
    ],
)
def test_what_another_page_loads_is_foreign_and_a_followed_link_is_not(
    method: str, site: str, mode: str, destination: str, origin: str | None, *, expected: bool
) -> None:
    marks = {"host": "localhost:8000", "sec-fetch-site": site, "sec-fetch-mode": mode}
    headers = marks | {"sec-fetch-dest": destination} | ({"origin": origin} if origin else {})
    assert is_own_page(method, headers) is expected


def test_clients_without_marks_of_a_browser_are_told_by_their_origin_alone() -> None:
    assert is_own_page("POST", {"host": "localhost"})
    assert is_own_page("POST", {"host": "localhost", "origin": "http://localhost:8088"})
    assert not is_own_page("POST", {"host": "localhost", "origin": "http://evil.example"})
