"""No password is printed: neither of a URL that a client names in its error, nor of one that is no URL."""

from typing import Any

import pytest
import structlog
from pydantic import ValidationError

from telemetry_core.contract.errors import DependencyUnavailable, without_passwords
from telemetry_core.rabbitmq import celery_app, queue_listing
from telemetry_core.service.observability import configure_logging
from telemetry_core.service.settings import Settings

PLAIN = "s3cr3t-Passwort"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        (f"amqp://guest:{PLAIN}@rabbitmq:5672//: refused", "amqp://***@rabbitmq:5672//: refused"),
        (f"'https://{PLAIN}@metrics.example/import'", "'https://***@metrics.example/import'"),
        (f"http://a:p/q#r?{PLAIN}@b@host:1 and x@y", "http://***@host:1 and x@y"),
        (f"first amqp://a:{PLAIN}@h, then amqp://b:{PLAIN}@i", "first amqp://***@h, then amqp://***@i"),
        (
            "http://localhost:8428/api/v1 of celery@worker-1",
            "http://localhost:8428/api/v1 of celery@worker-1",
        ),
        ("amqp://:@host", "amqp://***@host"),
    ],
)
def test_login_of_every_url_is_hidden_and_the_rest_stays(text: str, shown: str) -> None:
    assert without_passwords(text) == shown
    assert str(DependencyUnavailable("it", text)) == f"it unavailable: {shown}"


def test_log_hides_logins_in_text_keys_and_traces(capsys: pytest.CaptureFixture[str]) -> None:
    configure_logging("test")
    refused = OSError(f"amqp://guest:{PLAIN}@host")
    log = structlog.get_logger("test")
    log.error("Refused", told=f"http://x:{PLAIN}@y", url=f"http://x:{PLAIN}@z", exc_info=refused)
    printed = capsys.readouterr().out
    assert PLAIN not in printed
    assert printed.count("://***@") == 3


@pytest.mark.parametrize("special", ["/", "#", "?", "/@"])
@pytest.mark.parametrize("key", ["celery_broker_url", "victoria_metrics_url", "elasticsearch_url"])
def test_password_that_ends_its_url_early_is_refused_without_being_named(key: str, special: str) -> None:
    given: dict[str, Any] = {key: f"http://user:{PLAIN}{special}{PLAIN}@host:5672//"}
    with pytest.raises(ValidationError) as raised:
        Settings(**given)
    assert "percent-encoded" in str(raised.value)
    assert PLAIN not in str(raised.value)


def test_number_before_a_slash_is_no_port() -> None:
    with pytest.raises(ValidationError, match="percent-encoded"):
        Settings(celery_broker_url="amqp://user:1234/5678@host:5672//")


def test_wrong_number_names_its_key_and_no_other_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("POSTGRES_PASSWORD", PLAIN)
    monkeypatch.setenv("POSTGRES_PORT", f"{PLAIN}")
    with pytest.raises(ValidationError, match="postgres_port") as raised:
        Settings()
    assert PLAIN not in str(raised.value)


def test_password_beyond_latin_1_asks_rabbitmq_all_the_same() -> None:
    """Refused connection, not a failure to write the header."""
    app = celery_app("test", Settings(celery_broker_url="amqp://user:%EB%B9%84%EB%B0%80@127.0.0.1:1//"))
    with pytest.raises(DependencyUnavailable, match="management API"):
        queue_listing(app, timeout_s=0.5)()
