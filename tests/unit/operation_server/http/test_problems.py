from pathlib import Path

SERVER = Path(__file__).resolve().parents[4] / "operation_server"


def test_only_routes_and_http_know_the_statuses_of_http() -> None:
    """A store says what is so; which answer that is, the route decides."""
    knowing = {
        path.relative_to(SERVER)
        for path in SERVER.rglob("*.py")
        if "HTTPException" in path.read_text(encoding="utf-8")
    }
    assert knowing
    assert {
        path for path in knowing if path.parts[0] != "http" and not path.name.endswith("routes.py")
    } == set()
