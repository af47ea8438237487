"""A service's login is made once and renewed at every start."""

from types import SimpleNamespace
from typing import Any

import pytest

from telemetry_core.postgres import roles
from telemetry_core.postgres.database import open_pool
from telemetry_core.postgres.roles import SERVICES, apply_roles, role_of
from telemetry_core.service.settings import Settings


class Cursor:
    """PostgreSQL of which some logins are there already."""

    connection = None

    def __init__(self, *known: str) -> None:
        self.known = known
        self.asked: list[str] = []
        self._found = False

    def execute(self, statement: Any, parameters: tuple[str, ...] = ()) -> None:
        text = statement if isinstance(statement, str) else str(statement)
        self.asked.append(text)
        self._found = text.startswith("SELECT") and parameters[0] in self.known

    def fetchone(self) -> Any:
        return (1,) if self._found else None


@pytest.mark.parametrize("known", [(), SERVICES[:2], SERVICES], ids=["new", "upgraded", "started again"])
def test_login_is_made_where_it_is_missing_and_renewed_wherever_it_is(
    known: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(roles, "encrypt_password", lambda *_: "verifier")
    cursor = Cursor(*map(role_of, known))
    apply_roles(cursor, "secret")
    made = [text for text in cursor.asked if "CREATE ROLE" in text]
    assert len(made) == len(SERVICES) - len(known)
    assert all(not any(role_of(service) in text for text in made) for service in known)
    assert sum("PASSWORD" in text for text in cursor.asked) == len(SERVICES)
    assert "GRANT" in cursor.asked[-1]


def test_connection_reads_json_and_adopts_its_cluster_before_it_is_lent(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    registered: list[str] = []
    adopted: list[Any] = []
    line: Any = SimpleNamespace()
    given: dict[str, Any] = {}

    def connect(**parameters: Any) -> Any:
        given.update(parameters)
        return line

    monkeypatch.setattr("telemetry_core.postgres.database.psycopg2.connect", connect)
    for kind in ("register_default_json", "register_default_jsonb"):
        monkeypatch.setattr(
            f"telemetry_core.postgres.database.{kind}", lambda *_, kind=kind, **__: registered.append(kind)
        )
    monkeypatch.setattr("telemetry_core.postgres.database._adopt_cluster", adopted.append)
    pool = open_pool(Settings(), max_connections=1, application_name="test", statement_timeout_ms=1_500)
    assert given == {}, "nothing connects before the first use"
    lent: Any = pool.acquire()
    assert lent is line
    assert registered == ["register_default_json", "register_default_jsonb"]
    assert adopted == [line]
    assert given["application_name"] == "test"
    assert "-c statement_timeout=1500 " in given["options"]
    assert lent.answer_timeout_s > 1.5
