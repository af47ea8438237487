import pytest

from telemetry_core.access import is_own_host, is_same_host, own_names

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
